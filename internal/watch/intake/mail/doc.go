// Package mail reads what comes by mail: an Internet message (RFC 5322) with its
// bodies and attachments (RFC 2045–2047, 2183, 2231), what the receiving server
// said of its sender (RFC 8601), and abuse reports in X-ARF form.
//
// Mail is written by many hands: header lines may be damaged, boundaries
// missing, parameters unquoted. Whatever can be read is; what cannot is an error
// that names the part, after everything before it. What is packed inside (zip,
// gzip, XLSX) is the caller's to open.
package mail
