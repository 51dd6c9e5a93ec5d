//go:build tools

// Package tools names the programs that this module exists to build; `make tools` runs `go build` on each.
package tools

import (
	_ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
)
