// Command ricircolo is the whole product in one binary: the server of a
// territorial lab, a demo lab to try it with, and the tools that keep its
// store. This package owns the command line and puts the parts together.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// commands is the command line. A command is run with the context of the
// process, which ends with SIGINT or SIGTERM.
type commands struct {
	Serve    serveCommand    `cmd:"" help:"Serve a lab."`
	Demo     demoCommand     `cmd:"" help:"Make a demo lab and serve it."`
	User     userCommands    `cmd:"" help:"Manage sign-ins from the console."`
	Labels   labelsCommands  `cmd:"" help:"Print labels for bins."`
	Verify   verifyCommand   `cmd:"" help:"Check the whole store against its ledger. With an SQLite file, the server must not run."`
	Rebuild  rebuildCommand  `cmd:"" help:"Fold all documents of an SQLite file from the ledger again. The server must not run."`
	Backup   backupCommand   `cmd:"" help:"Write a consistent copy of an SQLite file, also while the server runs."`
	Migrate  migrateCommand  `cmd:"" help:"Copy a store into another one, of another engine or of the same, and compare the two."`
	Restore  restoreCommand  `cmd:"" help:"Put a backup into an empty data folder."`
	Evaluate evaluateCommand `cmd:"" help:"Compute worked examples of indicators and say which do not hold."`
	Health   healthCommand   `cmd:"" help:"Say whether the server on this machine is ready, by the exit code; for health checks."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var cli commands
	parsed := kong.Parse(&cli,
		kong.Name("ricircolo"),
		kong.Description("Ricircolo tracks plastics and bioplastics out of hospital wards, bin by bin, to the gram."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err := parsed.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "ricircolo: "+explain(err))
		os.Exit(1)
	}
}

// explain is the text of an error for a person at the console.
func explain(err error) string {
	if p := problem.As(err); p != nil {
		text := p.Detail
		for _, f := range p.Fields {
			text += fmt.Sprintf("\n  %s: %s", f.Pointer, f.Detail)
		}
		return text
	}
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	return err.Error()
}
