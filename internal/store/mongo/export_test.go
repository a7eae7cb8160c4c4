package mongo

// Step is a place on the way of a commit.
type Step = step

// Steps are all of them.
const Steps = int(steps)

// WithFault makes a store call fault at the steps of its commits.
func WithFault(opts Options, fault func(Step)) Options {
	opts.fault = fault
	return opts
}

func (s step) String() string {
	return [...]string{"before commit", "after commit", "between writes", "before watermark", "after watermark"}[s]
}
