module github.com/SebastienMelki/causality/sdk/go/cmd/causality

go 1.24

require github.com/SebastienMelki/causality/sdk/go v0.0.0

require github.com/google/uuid v1.6.0 // indirect

replace github.com/SebastienMelki/causality/sdk/go => ../../
