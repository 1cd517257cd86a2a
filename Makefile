# The five things people do here. CI does all of them and more: .ci/run.
.PHONY: test check docs bench fuzz

test: ## what a change must pass, in about two minutes
	go test ./...

check: ## what CI checks, from gofmt to fuzzing
	.ci/run

docs: ## write the snippets, the API and the golden requests anew, to be looked at in git diff
	go test . -run API -update
	go test ./core -run Golden -update
	go -C docs test . -run Snippet -update
	go -C docs test ./...

bench: ## how fast the hot path is: BENCH=Track make bench
	go test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem ./core/... ./slogcausality ./zapcausality ./zerologcausality

fuzz: ## FUZZ=FuzzDifferential PKG=./zerologcausality make fuzz
	go test -run '^$$' -fuzz '^$(or $(FUZZ),FuzzDifferential)$$' -fuzztime $(or $(FUZZTIME),1m) $(or $(PKG),./zerologcausality)
