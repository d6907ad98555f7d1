// Tocsin is the operating platform of a city's information security centre.
package main

import (
	"os"

	"tocsin/internal/face/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
