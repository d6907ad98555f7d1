package finding

import (
	"encoding/binary"
	"hash/maphash"

	"tocsin/internal/watch/intake/row"
)

// sums is a set of the rows that a document has shown, to know a repetition. It
// holds 8 bytes a row where a map would hold 40: four million rows must fit
// beside everything else.
type sums struct {
	seed  maphash.Seed
	slots []uint64
	n     int
}

func newSums() *sums { return &sums{seed: maphash.MakeSeed(), slots: make([]uint64, 1<<12)} }

// sumOf is the row's own bytes as the format's parser summed them.
func sumOf(r *row.Row) uint64 { return r.Sum }

// add adds a sum and says whether it is new.
func (s *sums) add(sum uint64) bool {
	if sum == 0 {
		return true // a format that does not sum its rows repeats none
	}
	if s.n*4 >= len(s.slots)*3 {
		s.grow()
	}
	return s.put(sum)
}

func (s *sums) put(sum uint64) bool {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], sum)
	mask := uint64(len(s.slots) - 1)
	for at := maphash.Bytes(s.seed, b[:]) & mask; ; at = (at + 1) & mask {
		switch s.slots[at] {
		case sum:
			return false
		case 0:
			s.slots[at] = sum
			s.n++
			return true
		}
	}
}

func (s *sums) grow() {
	old := s.slots
	s.slots, s.n = make([]uint64, 2*len(old)), 0
	for _, sum := range old {
		if sum != 0 {
			s.put(sum)
		}
	}
}
