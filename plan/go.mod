module github.com/SebastienMelki/causality/sdk/go/plan

go 1.24.0

require (
	github.com/SebastienMelki/causality/sdk/go v0.0.0-00010101000000-000000000000
	github.com/golangci/plugin-module-register v0.1.2
	golang.org/x/tools v0.42.0
)

require (
	github.com/google/uuid v1.6.0 // indirect
	golang.org/x/mod v0.33.0 // indirect
	golang.org/x/sync v0.19.0 // indirect
)

replace github.com/SebastienMelki/causality/sdk/go => ../
