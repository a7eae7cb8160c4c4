package rest

import (
	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/finder"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/qrlabels"
)

// phrases are the words of the public pages in one language. Those with %s or
// %d are formats.
type phrases struct {
	Lang string

	BinFor, Accepts, Refuses, NoLists string
	WhomToCall, Call, Write           string
	Label, Back                       string

	Report, Problem, Note, NoteHint, Send, Anonymous, Trap string
	Kinds                                                  map[finder.Kind]string

	Blank, BlankText, Retired, RetiredText, Unused, UnusedText string
	Unknown, UnknownText                                       string
	Mistyped, MistypedText, WrongCharacter                     string
	CodeFaults                                                 map[qrlabels.CodeFault]string
	Thanks, ThanksText, Already, AlreadyText                   string

	Faults                             map[problem.Kind][2]string // heading and text
	FullFault, OtherFault, BrokenFault [2]string
	FieldFaults                        map[string]string // by pointer and code
	Seconds, Minutes, Incident         string
}

// phrasesFor are the words for who asks.
func phrasesFor(c *fiber.Ctx) *phrases {
	if language(c) == "en" {
		return english
	}
	return italian
}

var italian = &phrases{
	Lang: "it",

	BinFor: "Contenitore per", Accepts: "Cosa ci va", Refuses: "Cosa non ci va",
	NoLists:    "Per sapere cosa ci va, chiedi al personale.",
	WhomToCall: "Chi chiamare", Call: "Chiama %s", Write: "Scrivi a %s",
	Label: "Etichetta", Back: "Torna alla pagina del contenitore",

	Report: "Segnala un problema", Problem: "Che cosa non va?", Note: "Vuoi aggiungere qualcosa? (facoltativo)",
	NoteHint: "Al massimo 300 caratteri. Per favore non scrivere nomi né altri dati personali.", Send: "Invia la segnalazione",
	Anonymous: "La segnalazione è anonima: non ti chiediamo chi sei.", Trap: "Lascia vuoto questo campo",
	Kinds: map[finder.Kind]string{
		finder.Full: "È pieno", finder.Contaminated: "Dentro c’è qualcosa che non ci va", finder.Damaged: "È rotto o sporco",
		finder.Misplaced: "È nel posto sbagliato", finder.Other: "Altro",
	},

	Blank: "Etichetta non ancora in uso", BlankText: "Questa etichetta non è ancora collegata a un contenitore.",
	Retired: "Etichetta sostituita", RetiredText: "Questa etichetta è stata sostituita da una nuova. Qui sotto trovi il contenitore a cui porta.",
	Unused: "Etichetta non più in uso", UnusedText: "Questa etichetta è stata ritirata e non porta a nessun contenitore.",
	Unknown: "Etichetta sconosciuta", UnknownText: "Con questo codice non troviamo nessun contenitore. Se l’hai scritto a mano, confrontalo con l’etichetta.",
	Mistyped: "Questo codice non è giusto", MistypedText: "Confrontalo con quello stampato sull’etichetta e riprova. Un codice è fatto così: 7K4M-9QXP-2RTBW.",
	WrongCharacter: "Il carattere numero %d, «%s», non compare in nessun codice.",
	CodeFaults: map[qrlabels.CodeFault]string{
		qrlabels.CodeTooShort: "È troppo corto: un codice ha 13 caratteri.",
		qrlabels.CodeTooLong:  "È troppo lungo: un codice ha 13 caratteri.",
		qrlabels.CodeCheck:    "Il carattere di controllo, l’ultimo, non corrisponde: almeno un carattere è sbagliato.",
	},
	Thanks: "Grazie!", ThanksText: "La segnalazione è arrivata a chi si occupa dei contenitori.",
	Already: "Grazie, lo sapevamo già", AlreadyText: "Per questo contenitore ci sono già segnalazioni aperte: non serve inviarne altre.",

	Faults: map[problem.Kind][2]string{
		problem.Invalid:     {"La segnalazione non è completa", "Torna alla pagina del contenitore, correggi e invia di nuovo."},
		problem.Forbidden:   {"Segnalazione non accettata", "È arrivata da un’altra pagina. Apri la pagina del contenitore e inviala da lì."},
		problem.TooLarge:    {"La segnalazione è troppo lunga", "Accorcia il testo e invia di nuovo."},
		problem.TooMany:     {"Troppe richieste", "Da qui ne sono arrivate molte in poco tempo. Se è urgente, chiama la struttura."},
		problem.Unavailable: {"In questo momento non riusciamo a rispondere", "Riprova tra poco. Se è urgente, chiama la struttura."},
	},
	FullFault:   [2]string{"La segnalazione non è stata registrata", "Ce ne sono troppe che nessuno ha ancora letto. Se è urgente, chiama la struttura."},
	OtherFault:  [2]string{"Qui non c’è niente", "Inquadra di nuovo il codice sull’etichetta."},
	BrokenFault: [2]string{"Qualcosa è andato storto da noi", "Riprova tra poco. Se è urgente, chiama la struttura."},
	FieldFaults: map[string]string{
		"/problem unknown": "Scegli che cosa non va.",
		"/note too-long":   "La nota può avere al massimo 300 caratteri.",
		"/note malformed":  "La nota contiene caratteri che non si possono stampare.",
	},
	Seconds: "Puoi riprovare tra %d secondi.", Minutes: "Puoi riprovare tra %d minuti.", Incident: "Numero dell’errore: %s",
}

var english = &phrases{
	Lang: "en",

	BinFor: "Bin for", Accepts: "What goes in", Refuses: "What does not go in",
	NoLists:    "Ask the staff what goes in.",
	WhomToCall: "Whom to call", Call: "Call %s", Write: "Write to %s",
	Label: "Label", Back: "Back to the page of the bin",

	Report: "Report a problem", Problem: "What is wrong?", Note: "Anything to add? (optional)",
	NoteHint: "At most 300 characters. Please write no names or other personal data.", Send: "Send the report",
	Anonymous: "Reports are anonymous: we do not ask who you are.", Trap: "Leave this field empty",
	Kinds: map[finder.Kind]string{
		finder.Full: "It is full", finder.Contaminated: "Something is in it that does not belong there", finder.Damaged: "It is broken or dirty",
		finder.Misplaced: "It is in the wrong place", finder.Other: "Something else",
	},

	Blank: "Label not in use yet", BlankText: "This label does not belong to a bin yet.",
	Retired: "Label replaced", RetiredText: "This label was replaced by a new one. Below is the bin that it leads to.",
	Unused: "Label no longer in use", UnusedText: "This label was withdrawn and leads to no bin.",
	Unknown: "Unknown label", UnknownText: "We find no bin with this code. If you typed it, compare it with the label.",
	Mistyped: "This code is not right", MistypedText: "Compare it with the one printed on the label and try again. A code looks like this: 7K4M-9QXP-2RTBW.",
	WrongCharacter: "Character number %d, “%s”, is in no code.",
	CodeFaults: map[qrlabels.CodeFault]string{
		qrlabels.CodeTooShort: "It is too short: a code has 13 characters.",
		qrlabels.CodeTooLong:  "It is too long: a code has 13 characters.",
		qrlabels.CodeCheck:    "The check character, the last one, does not fit: at least one character is wrong.",
	},
	Thanks: "Thank you!", ThanksText: "Your report has reached the people who look after the bins.",
	Already: "Thank you, we know already", AlreadyText: "There are open reports about this bin; no more are needed.",

	Faults: map[problem.Kind][2]string{
		problem.Invalid:     {"The report is not complete", "Go back to the page of the bin, correct it and send it again."},
		problem.Forbidden:   {"Report not accepted", "It came from another page. Open the page of the bin and send it from there."},
		problem.TooLarge:    {"The report is too long", "Shorten the text and send it again."},
		problem.TooMany:     {"Too many requests", "Many came from here within a short time. If it is urgent, call the facility."},
		problem.Unavailable: {"We can’t answer right now", "Try again in a moment. If it is urgent, call the facility."},
	},
	FullFault:   [2]string{"Your report was not kept", "There are too many that nobody has read yet. If it is urgent, call the facility."},
	OtherFault:  [2]string{"There is nothing here", "Scan the code on the label again."},
	BrokenFault: [2]string{"Something went wrong on our side", "Try again in a moment. If it is urgent, call the facility."},
	FieldFaults: map[string]string{
		"/problem unknown": "Choose what is wrong.",
		"/note too-long":   "The note can have at most 300 characters.",
		"/note malformed":  "The note has characters that can’t be printed.",
	},
	Seconds: "You can try again in %d seconds.", Minutes: "You can try again in %d minutes.", Incident: "Number of the error: %s",
}
