// Tocsin is the operating platform of a city's information security centre.
package main

import (
	"os"

	"tocsin/internal/app"
)

func main() { os.Exit(app.Main(os.Args[1:])) }
