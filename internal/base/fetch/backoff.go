package fetch

import "time"

// Backoff is how long to wait after a number of failures in a row: a minute
// after the first, twice as long after each further one, six hours at most.
// jitter, from 0 to 1, takes up to half of it away, so that sources that failed
// together do not come back together. No failure is no wait.
func Backoff(failures int, jitter float64) time.Duration {
	if failures <= 0 {
		return 0
	}
	const most = 6 * time.Hour
	wait := most
	if failures < 10 { // a minute, doubled nine times, is beyond six hours
		wait = min(most, time.Minute<<(failures-1))
	}
	return wait - time.Duration(min(max(jitter, 0), 1)*float64(wait)/2)
}
