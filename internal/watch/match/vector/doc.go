// Package vector says how bad a weakness is: the base score of a CVSS vector,
// and for a product in its place the decision and its clock. It is pure.
//
// The decision is CISA's tree for stakeholder-specific vulnerability
// categorization (CISA, "Stakeholder-Specific Vulnerability Categorization
// Guide", November 2022; as published by CERT/CC as cisa_coordinator_2_0_3):
// exploitation × automatable × technical impact × mission and well-being. The
// tree, what is assumed where nobody states a point, and the days are data, in
// policy.json.
package vector

import "embed"

// Texts are the catalogues of the reasons and the decisions.
//
//go:embed texts
var Texts embed.FS

//go:embed policy.json
var data embed.FS
