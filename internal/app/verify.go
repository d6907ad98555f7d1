package app

import (
	"context"
	"strings"

	"tocsin/internal/base/journal"
)

// Verify reads the whole journal, every record it speaks of and every original,
// and says the first thing that is not as the journal says. checkpoint is one
// that was kept outside, or "".
func (a *App) Verify(ctx context.Context, checkpoint string) (journal.Verdict, error) {
	v, err := journal.Verify(ctx, a.db, a.seal, a.audits(), strings.TrimSpace(checkpoint))
	if err != nil || !v.OK {
		return v, err
	}
	originals, err := a.blobs.Verify(ctx)
	if err != nil {
		return v, err
	}
	if originals.FirstBad != "" {
		v.OK, v.Checkpoint, v.FirstBad = false, "", "original "+originals.FirstBad
	}
	return v, nil
}
