module github.com/SebastienMelki/causality/sdk/go/plan

go 1.24.0

require golang.org/x/tools v0.42.0

require (
	golang.org/x/mod v0.33.0 // indirect
	golang.org/x/sync v0.19.0 // indirect
)

replace github.com/SebastienMelki/causality/sdk/go => ../
