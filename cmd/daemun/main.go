// Command daemun is for those who develop with Daemun and operate it. It only reads flags; the work is in packages.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"daemun/local"

	"github.com/alecthomas/kong"
)

type commands struct {
	Local localCommand `cmd:"" help:"Run the whole system on this machine, until interrupted."`
	Keys  keysCommand  `cmd:"" help:"Make, rotate and retire keys in a directory."`
}

type localCommand struct {
	Template         []string `help:"SAM template; the first is served on the port with the demo, each further API on the next port." default:"template.yaml" type:"path"`
	Port             int      `help:"Port of the API and the demo." default:"3000"`
	AutoConsent      bool     `help:"The look-alike providers log the first person in without a page."`
	EnvFile          string   `help:"File of NAME=VALUE lines; default .env.local, if it is there. A real <PROVIDER>_CLIENT_ID takes the look-alike's place." type:"path"`
	SigningAlgorithm string   `help:"ES256, EdDSA or RS256 for the access tokens; API Gateway's JWT authorizers know RS256 only." enum:",ES256,EdDSA,RS256" default:""`
	Data             string   `help:"Directory that keeps tables and keys; without it they are gone at the end." type:"path"`
	BuildDir         string   `help:"Where the functions' binaries are, as <LogicalId>/bootstrap." default:".build" type:"path"`
}

func main() {
	var parsed commands
	parser := kong.Parse(&parsed, kong.Name("daemun"), kong.Description("Daemun, social login for serverless apps."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends us at once
	parser.BindTo(ctx, (*context.Context)(nil))
	parser.FatalIfErrorf(parser.Run())
}

// Run serves until ctx ends.
func (c *localCommand) Run(ctx context.Context) error {
	system, err := local.Start(ctx, local.Options{
		Templates:        c.Template,
		Port:             c.Port,
		BuildDir:         c.BuildDir,
		DataDir:          c.Data,
		SigningAlgorithm: c.SigningAlgorithm,
		AutoConsent:      c.AutoConsent,
		EnvFile:          c.EnvFile,
		Environ:          os.Environ(),
		Logs:             os.Stderr,
	})
	if err != nil {
		return err
	}
	defer system.Close()
	for _, api := range system.APIs[1:] {
		fmt.Fprintln(os.Stderr, "also", api.LogicalID, "at", api.URL)
	}
	fmt.Println("ready", system.URL)
	<-ctx.Done()
	return nil
}
