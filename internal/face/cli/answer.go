package cli

// answerCommand says whether a name of an inventory and a name of an advisory
// mean one product.
type answerCommand struct {
	Answer          string `arg:"" name:"yes|no" enum:"yes,no"`
	Vendor          string `placeholder:"NAME"`
	Product         string `required:"" placeholder:"NAME"`
	AdvisoryVendor  string `placeholder:"NAME"`
	AdvisoryProduct string `required:"" placeholder:"NAME"`
	Reason          string `placeholder:"TEXT"`
}

// Run answers and prints what was said.
func (c *answerCommand) Run(s *session) error {
	return s.act("/questions/answer", map[string]any{
		"vendor": c.Vendor, "product": c.Product, "advisory_vendor": c.AdvisoryVendor, "advisory_name": c.AdvisoryProduct,
		"same": c.Answer == "yes", "reason": c.Reason,
	})
}
