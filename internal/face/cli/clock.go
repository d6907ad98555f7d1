package cli

type clockShow struct{}

// Run shows the city's clock.
func (c *clockShow) Run(s *session) error { return s.showAt("/clock") }

type clockAdvance struct {
	By span `arg:"" name:"duration"`
	waiting
}

// Run moves a clock that stands, and fires all that becomes due.
func (c *clockAdvance) Run(s *session) error {
	if err := s.act("/clock/advance", map[string]string{"by": string(c.By)}); err != nil {
		return err
	}
	return c.settle(s)
}
