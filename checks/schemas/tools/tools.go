// Package tools holds what scripts/schemas.ts needs from Go: controller-gen (a tool of go.mod), the types of
// Flux's image controllers, which publish no CRDs with their modules, and the schema of kustomization.yaml.
package tools

import (
	_ "github.com/fluxcd/image-automation-controller/api/v1"
	_ "github.com/fluxcd/image-reflector-controller/api/v1"
)
