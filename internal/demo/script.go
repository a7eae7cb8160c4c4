package demo

import "slices"

// incident is something that goes wrong, or that is put right again.
type incident int

// What the script knows.
const (
	undoneClose          incident = iota // closed by mistake, undone within minutes
	correctedClose                       // a slip of the comma, corrected before the pickup
	divertedFill                         // the sorting question was answered no
	closedTwice                          // two colleagues close one bin: for the inbox
	closedTwiceSettled                   // the same, dismissed by the manager
	unknownLabel                         // a code that nobody issued: for the inbox
	lostBin                              // lost, missed by the driver, found again
	replacedLabel                        // damaged, replaced
	sentTwice                            // the phone did not hear the answer
	lateApproved                         // corrected months after the pickup; the recycler agrees
	correctionApproved                   // corrected after the pickup; the recycler agrees
	correctionRejected                   // the recycler does not
	correctionPending                    // the recycler has not answered yet
	twoDrivers                           // two of one recycler scan the same bin
	otherRecycler                        // a driver scans what another recycler took: for the inbox
	scannedOpen                          // a driver scans a bin that is still open: for the inbox
	notFound                             // a bin on the list is not where it should be
	noAccess                             // its room is locked
	exception                            // something about the load that the driver reports
	cancelledPickup                      // nobody comes
	refusedLoad                          // the plant refuses all of it
	discrepancySettled                   // too little arrives; explained and accepted
	discrepancyOpen                      // too little arrives; nobody explains it
	discrepancyExplained                 // explained, not accepted yet
	basementPhone                        // a phone without network for a week
)

// scriptOf gives, for each incident, how many days before the end it is due
// in every year; each happens at the next occasion. Those that leave something
// open, in lastYear, are for the end of the story only.
func scriptOf(days, years int) *script {
	everyYear := map[incident][]int{
		undoneClose:        {330, 240, 150, 60, 21},
		correctedClose:     {300, 200, 100, 25},
		divertedFill:       {320, 230, 140, 70, 20},
		lostBin:            {210, 90},
		sentTwice:          {250, 130, 40},
		lateApproved:       {260},
		correctionApproved: {122},
		correctionRejected: {190},
		twoDrivers:         {310, 160, 30},
		notFound:           {205, 110, 50},
		noAccess:           {265, 80},
		exception:          {295, 185, 95, 35},
		cancelledPickup:    {215, 105},
		refusedLoad:        {275, 115, 45},
		discrepancySettled: {145},
		basementPhone:      {288, 137, 52},
	}
	lastYear := map[incident][]int{
		replacedLabel:        {170},
		closedTwiceSettled:   {280},
		closedTwice:          {16, 6},
		unknownLabel:         {8},
		correctionPending:    {13},
		otherRecycler:        {22},
		scannedOpen:          {11},
		discrepancyOpen:      {36},
		discrepancyExplained: {24},
	}
	s := &script{due: map[incident][]int{}}
	s.add(lastYear, days, 0)
	for y := range years {
		s.add(everyYear, days, y*365)
	}
	for _, due := range s.due {
		slices.Sort(due)
	}
	return s
}

// script says on which days something goes wrong.
type script struct {
	due map[incident][]int // days from the start, ascending
}

func (s *script) add(table map[incident][]int, days, earlier int) {
	for what, before := range table {
		for _, b := range before {
			if day := days - earlier - b; day > 0 {
				s.due[what] = append(s.due[what], day)
			}
		}
	}
}

// now reports whether an incident is due, without taking it.
func (s *script) now(what incident, day int) bool {
	return len(s.due[what]) > 0 && s.due[what][0] <= day
}

// take reports whether an incident is due, and takes it off the list.
func (s *script) take(what incident, day int) bool {
	if !s.now(what, day) {
		return false
	}
	s.due[what] = s.due[what][1:]
	return true
}
