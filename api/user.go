package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/config"
	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/store"
)

type userCommands struct {
	Create userCreateCommand `cmd:"" help:"Add a person; the first one is the lab's coordinator. With an SQLite file, the server must not run."`
}

type userCreateCommand struct {
	Email        string `required:"" help:"What the person signs in with." group:"Person"`
	Name         string `required:"" help:"The person's name." group:"Person"`
	Role         string `default:"coordinator" enum:"ward,manager,driver,plant,coordinator,auditor" help:"ward, manager, driver, plant, coordinator or auditor." group:"Person"`
	Facility     string `help:"Id of the facility, for ward and manager." group:"Person"`
	Ward         string `help:"Id of the ward, for ward." group:"Person"`
	Recycler     string `help:"Id of the recycler, for driver and plant." group:"Person"`
	PasswordFile string `type:"path" placeholder:"FILE" help:"File with the initial password, or - for standard input. Default: ask for it." group:"Person"`

	config.Config `embed:""`
}

// Run adds the person to the lab of the store, which is made if it is not there.
func (c userCreateCommand) Run(ctx context.Context) error {
	password, err := c.password()
	if err != nil {
		return err
	}
	a, err := openLab(ctx, c.Config, c.Logger(os.Stderr))
	if err != nil {
		return err
	}
	lab, err := a.onlyLab(ctx)
	if err == nil {
		_, err = a.identity.CreateFromConsole(ctx, identity.CreateUserRequest{
			Lab: lab, Email: c.Email, Name: c.Name, Password: password,
			Memberships: []access.Membership{{
				Lab: lab, Role: access.Role(c.Role), Facility: c.Facility, Ward: c.Ward, Recycler: c.Recycler,
			}},
		})
	}
	if err := errors.Join(err, a.close()); err != nil {
		return err
	}
	fmt.Printf("%s can sign in as %s of the lab %s.\n", c.Email, c.Role, lab)
	return nil
}

func (a *application) onlyLab(ctx context.Context) (string, error) {
	return onlyLab(ctx, a.store, a.cfg.Lab)
}

// onlyLab is the lab of the store, or the one that is asked for if there are
// several.
func onlyLab(ctx context.Context, s store.Store, asked string) (string, error) {
	partitions, err := s.Labs(ctx)
	if err != nil {
		return "", err
	}
	var labs []string
	for _, p := range partitions {
		if isLab(string(p)) {
			labs = append(labs, string(p))
		}
	}
	for _, l := range labs {
		if l == asked || len(labs) == 1 {
			return l, nil
		}
	}
	return "", fmt.Errorf("the store has the labs %s: name one with --lab", strings.Join(labs, ", "))
}

// password reads the initial password from where the flags say.
func (c userCreateCommand) password() (string, error) {
	switch c.PasswordFile {
	case "":
		return askPassword()
	case "-":
		line, err := bufio.NewReader(io.LimitReader(os.Stdin, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	text, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

func askPassword() (string, error) {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return "", errors.New("no terminal to ask for the password at: use --password-file")
	}
	fmt.Fprint(os.Stderr, "Initial password (12 characters or more): ")
	text, err := term.ReadPassword(int(os.Stdin.Fd()))
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	return string(text), nil
}
