//go:build tools

// Package tools names the programs that this module exists to build; `make tools` runs `go build` on each.
package tools

import (
	_ "github.com/rhysd/actionlint/cmd/actionlint"
)
