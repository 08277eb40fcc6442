# make help lists the targets. SAM calls build-<LogicalId> with ARTIFACTS_DIR.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS   += --no-print-directory

# The processor that `sam build` builds for: arm64 or amd64. It has to match the
# template's parameter Architecture (arm64 or x86_64).
ARCH ?= arm64
# Flags for go test; .ci/run passes -race.
RACE ?=
# Arguments for `daemun local`, as in: make run ARGS=--auto-consent
ARGS ?=

# No net/rpc server in the Lambda runtime client, no HTTP/2 (AWS and the providers
# are asked over HTTP/1.1), no symbols, and nothing of this machine in the binary:
# the same source gives the same bytes.
GO_BUILD := CGO_ENABLED=0 go build -tags lambda.norpc,nethttpomithttp2 -trimpath -buildvcs=false -ldflags '-s -w -buildid='

# LoginUrlFunction lives in functions/login-url, and so for each.
folder    = $(shell echo $(1:Function=) | sed 's/\(.\)\([A-Z]\)/\1-\2/g' | tr A-Z a-z)
FUNCTIONS = $(shell sed -n 's/^  \([A-Za-z]\{1,\}Function\):$$/\1/p' template.yaml $(EXAMPLE)/template.yaml)
# An API of somebody else, which runs beside Daemun. Its demands are for Daemun's authorizer.
EXAMPLE   := examples/orders-api

# Tools are installed once per pinned version, into .tools only.
GOLANGCI_VERSION    := v2.15.0
GOVULNCHECK_VERSION := v1.9.0
CFN_LINT_VERSION    := 1.58.0
SAM_CLI_VERSION     := 1.170.0
GOLANGCI    := .tools/golangci-lint-$(GOLANGCI_VERSION)/golangci-lint
GOVULNCHECK := .tools/govulncheck-$(GOVULNCHECK_VERSION)/govulncheck
DYNAMODB_LOCAL := .tools/dynamodb-local-3.1.0
VENV        := .tools/venv-cfn-lint-$(CFN_LINT_VERSION)-sam-$(SAM_CLI_VERSION)
# The folders that Go's ./... passes over, because they begin with a dot.
PACKAGES    := ./... ./.ci/noskip ./.ci/mutants

.PHONY: help run build test test-long test-dynamodb-local browser show bench lint validate clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z<>A-Z-]+:.*## / { printf "  %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo '  build-<LogicalId>    build one function for Lambda, as SAM does (ARTIFACTS_DIR, ARCH)'

run: build ## build, then serve the whole system on http://localhost:3000
	@AUTHORIZER_DEMANDS="$${AUTHORIZER_DEMANDS:-$$(cat $(EXAMPLE)/demands.json)}" \
		go run ./cmd/daemun local --template template.yaml --template $(EXAMPLE)/template.yaml $(ARGS)

build: ## build every function for this machine into .build
	@mkdir -p .build/host
	@$(GO_BUILD) -o .build/host/ ./functions/... ./$(EXAMPLE)/functions/...
	@$(foreach f,$(FUNCTIONS),mkdir -p .build/$f; ln -f .build/host/$(call folder,$f) .build/$f/bootstrap;)

build-%Function:
	GOOS=linux GOARCH=$(ARCH) $(GO_BUILD) -o '$(or $(ARTIFACTS_DIR),.build/$(ARCH)/$*Function)/bootstrap' ./functions/$(call folder,$*Function)

# -count=1: tests that run built binaries depend on more than go test can see.
test: build browser ## run every test; a skipped one fails
	@go test -json -count=1 $(RACE) $(PACKAGES) | go run ./.ci/noskip

# The packages whose tests are about what the database does. Others use one too,
# in no way that these do not.
STORES := ./shared/store/... ./functions/... ./local/racetest/... ./local/crashtest/... ./local/historytest/...

test-dynamodb-local: build $(DYNAMODB_LOCAL)/ready ## run the tests that use a database against AWS's own DynamoDB Local
	@go test -run '^$$' $(STORES) >/dev/null # fetches what they need: the namespace has no network
	@local/engine/dynamodblocal/with $(DYNAMODB_LOCAL) go test -json -count=1 $(RACE) $(STORES) | go run ./.ci/noskip

# Functions log in JSON, a line each, which is left out here.
test-long: build ## run the proofs as often as the promises say, and break each rule once; takes about an hour
	@DAEMUN_LONG=1 go test -v -count=1 -p 1 -timeout 2h $(RACE) ./local/racetest ./local/crashtest ./local/historytest \
		| grep -vE '\{"(time|errorMessage)":|^=== |^ +--- PASS'
	@go run ./.ci/mutants

browser: # the end-to-end test drives a real one
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo 'installing chromium'; \
		{ apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium; } >/dev/null; \
	else \
		echo 'The browser test needs Chromium: install it as chromium or google-chrome on the PATH.' >&2; exit 1; \
	fi

# The tests that print what they measured, one package after another; at last what each
# provider passed of the contract. Functions log in JSON, a line each, which is left out
# here.
SHOWN := TestAccess_StrictnessMatrix|TestTokens_EachOpensItsOwnDoorsOnly|TestTokens_ForeignLibrariesAgree|TestHandler_ContextIsBounded
SHOWN := $(SHOWN)|TestOrders_EachTokenGetsItsAnswer|TestLogout_TakesEffectWithinItsBound|TestRotation_RefusesNoValidToken|TestFunctions_PackagesAreSmall
SHOWN := $(SHOWN)|TestSystem_AtAProviderOfOthers|TestSessions_OneBrowserEndsAnother|TestSessions_InKorean
# Those that take pictures.
SHOWN := $(SHOWN)|TestLogin_WithEveryProvider|TestLogin_ShowsWhoLoggedIn|TestLogin_CancelledIsToldOnTheFrontPage|TestLogin_InKorean|TestOrders_AreCalledOnAnotherHostWithTheAccessToken
SHOWN := $(SHOWN)|TestRegister_NewPersonHasAnAccountAfterTheForm|TestRegister_ProblemsAreShownAtTheirFields|TestRegister_InKorean|TestDeferred_ProfileIsCompletedLater

show: build browser ## print the matrices, tables and figures that the tests measure, and take screenshots into .build/screenshots
	@SCREENSHOTS='$(CURDIR)/.build/screenshots' go test -v -count=1 -p 1 -run '^($(SHOWN))$$' \
		. ./shared/token ./shared/lambdaauth ./local/josetest ./local/racetest ./local/interop ./local/browsertest ./$(EXAMPLE) \
		| grep -vE '\{"(time|errorMessage)":|^=== '
	@go test -json -count=1 -run '^TestContract' ./shared/provider/... | go run ./.ci/noskip
	@ls .build/screenshots/*.png

# A finding fails (status 3). So does any error but one: where the database of
# vulnerabilities cannot be reached, nothing was checked, and that is said aloud.
# GOVULNDB names a mirror.
GOVULNDB  ?= https://vuln.go.dev
VULNCHECK = text=$$($(GOVULNCHECK) -db '$(GOVULNDB)' $(PACKAGES) 2>&1) || { status=$$?; \
	case "$$text" in \
	*'fetching vulnerabilities'*) echo 'WARNING: govulncheck checked nothing: no answer from $(GOVULNDB)' >&2;; \
	*) echo "$$text" >&2; exit $$status;; \
	esac; }

bench: build ## run every benchmark
	@go test -run '^$$' -bench . -benchmem $(PACKAGES)

lint: $(GOLANGCI) $(GOVULNCHECK) $(VENV)/ready ## gofmt, go vet, golangci-lint, govulncheck, cfn-lint
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "gofmt: $$unformatted" >&2; exit 1; }
	@go vet $(PACKAGES)
	@$(GOLANGCI) run $(PACKAGES)
	@$(VULNCHECK)
	@$(VENV)/bin/cfn-lint template.yaml $(EXAMPLE)/template.yaml

validate: $(VENV)/ready ## SAM's own validation of the templates
	@SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} $(VENV)/bin/sam validate --lint
	@SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} $(VENV)/bin/sam validate --lint --template $(EXAMPLE)/template.yaml

clean: ## remove what was built; the tools in .tools stay
	@rm -rf .build .aws-sam

$(GOLANGCI):
	@echo 'installing golangci-lint $(GOLANGCI_VERSION), this takes some minutes'
	@GOBIN='$(CURDIR)/$(@D)' go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

$(GOVULNCHECK):
	@echo 'installing govulncheck $(GOVULNCHECK_VERSION)'
	@GOBIN='$(CURDIR)/$(@D)' go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)

$(DYNAMODB_LOCAL)/ready: local/engine/dynamodblocal/pom.xml
	@command -v mvn >/dev/null || { echo 'installing maven'; { apt-get -qq update && apt-get -qq install -y --no-install-recommends maven; } >/dev/null; }
	@echo 'installing DynamoDB Local'
	@mvn --quiet --batch-mode -f $< dependency:copy-dependencies -DoutputDirectory='$(CURDIR)/$(@D)' -DincludeScope=runtime
	@touch $@

$(VENV)/ready:
	@echo 'installing cfn-lint $(CFN_LINT_VERSION) and the SAM CLI $(SAM_CLI_VERSION)'
	@python3 -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet cfn-lint==$(CFN_LINT_VERSION) aws-sam-cli==$(SAM_CLI_VERSION)
	@touch $@
