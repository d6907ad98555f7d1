package cli

import "time"

// globals are the flags of every command.
type globals struct {
	Data     string `placeholder:"DIR" env:"TOCSIN_DATA_DIR"`
	JSON     bool   `name:"json" xor:"output"`
	JSONL    bool   `name:"jsonl" xor:"output"`
	Language string `enum:",vi,en" default:"" placeholder:"vi|en" env:"TOCSIN_LANGUAGE"`
	Quiet    bool   `short:"q"`
}

// grammar is every command with its flags. What they are good for is in the
// catalogue, under cli.help. and cli.flag.
type grammar struct {
	globals

	Serve   serveCommand   `cmd:""`
	Settle  settleCommand  `cmd:""`
	Version versionCommand `cmd:""`

	Import struct {
		Estate importEstate `cmd:""`
	} `cmd:""`
	Source struct {
		Add    sourceAdd    `cmd:""`
		Edit   sourceEdit   `cmd:""`
		List   listing      `cmd:""`
		Show   showing      `cmd:""`
		Fetch  sourceFetch  `cmd:""`
		Secret sourceSecret `cmd:""`
		Entry  sourceEntry  `cmd:""`
	} `cmd:""`
	Intake intakeCommand `cmd:""`

	Finding struct {
		List          findingList     `cmd:""`
		Show          showing         `cmd:""`
		Evidence      findingEvidence `cmd:""`
		History       history         `cmd:""`
		Tally         findingTally    `cmd:""`
		Ack           findingAct      `cmd:""`
		Start         findingAct      `cmd:""`
		Fixed         findingAct      `cmd:""`
		Verify        findingAct      `cmd:""`
		FalsePositive findingAct      `cmd:""`
		Accept        findingAct      `cmd:""`
		Reopen        findingAct      `cmd:""`
		Move          findingMove     `cmd:""`
		Bulk          findingBulk     `cmd:""`
	} `cmd:""`
	Warning struct {
		List    warningList   `cmd:""`
		Show    showing       `cmd:""`
		History history       `cmd:""`
		Send    warningSend   `cmd:""`
		Ack     warningAct    `cmd:""`
		Cancel  warningCancel `cmd:""`
		Revise  warningAct    `cmd:""`
		Letter  warningAct    `cmd:""`
	} `cmd:""`
	Storm struct {
		List   listing     `cmd:""`
		Show   showing     `cmd:""`
		Send   stormDecide `cmd:""`
		Cancel stormDecide `cmd:""`
	} `cmd:""`
	Digest struct {
		Run digestRun `cmd:""`
	} `cmd:""`

	Delivery struct {
		List   deliveryList   `cmd:""`
		Show   showing        `cmd:""`
		Record deliveryRecord `cmd:""`
		Letter deliveryLetter `cmd:""`
	} `cmd:""`
	Outbox struct {
		List outboxList `cmd:""`
		Show outboxShow `cmd:""`
	} `cmd:""`
	Webhook struct {
		Add    webhookAdd    `cmd:""`
		List   listing       `cmd:""`
		Show   showing       `cmd:""`
		Remove webhookRemove `cmd:""`
	} `cmd:""`
	Timeliness timelinessCommand `cmd:""`

	Document struct {
		List     documentList     `cmd:""`
		Show     showing          `cmd:""`
		History  history          `cmd:""`
		Original documentOriginal `cmd:""`
		Reparse  documentReparse  `cmd:""`
		Vouch    documentVouch    `cmd:""`
		Erase    documentErase    `cmd:""`
	} `cmd:""`
	Quarantine struct {
		List    quarantineList    `cmd:""`
		Show    showing           `cmd:""`
		Release quarantineRelease `cmd:""`
	} `cmd:""`

	Organisation struct {
		List    organisationList `cmd:""`
		Show    showing          `cmd:""`
		History history          `cmd:""`
	} `cmd:""`
	Succession struct {
		List successionList `cmd:""`
	} `cmd:""`
	System struct {
		List    systemList `cmd:""`
		Show    showing    `cmd:""`
		History history    `cmd:""`
	} `cmd:""`
	Endpoint struct {
		List    endpointList `cmd:""`
		Show    showing      `cmd:""`
		History history      `cmd:""`
	} `cmd:""`
	Address struct {
		List    addressList `cmd:""`
		Show    showing     `cmd:""`
		History history     `cmd:""`
	} `cmd:""`
	Contact struct {
		List    contactList          `cmd:""`
		Health  contactHealthCommand `cmd:""`
		Show    showing              `cmd:""`
		History history              `cmd:""`
	} `cmd:""`
	Software struct {
		List    softwareList `cmd:""`
		Show    showing      `cmd:""`
		History history      `cmd:""`
	} `cmd:""`
	Indicator struct {
		List    indicatorList `cmd:""`
		Show    showing       `cmd:""`
		Hold    indicatorAct  `cmd:""`
		Release indicatorAct  `cmd:""`
	} `cmd:""`
	Advisory struct {
		List advisoryList `cmd:""`
		Show showing      `cmd:""`
	} `cmd:""`
	Question struct {
		List listing `cmd:""`
	} `cmd:""`
	Answer   answerCommand `cmd:""`
	Bulletin struct {
		List     bulletinList     `cmd:""`
		Show     showing          `cmd:""`
		Audience bulletinAudience `cmd:""`
		Write    bulletinWrite    `cmd:""`
		Submit   bulletinAct      `cmd:""`
		Return   bulletinReasoned `cmd:""`
		Approve  bulletinAct      `cmd:""`
		Publish  bulletinAct      `cmd:""`
		Revise   bulletinAct      `cmd:""`
		Withdraw bulletinReasoned `cmd:""`
	} `cmd:""`

	User struct {
		Add     userAdd     `cmd:""`
		List    listing     `cmd:""`
		Show    showing     `cmd:""`
		Invite  userAct     `cmd:""`
		Disable userDisable `cmd:""`
		Enable  userAct     `cmd:""`
	} `cmd:""`
	Role struct {
		List listing `cmd:""`
	} `cmd:""`
	Token struct {
		Create tokenCreate `cmd:""`
		List   tokenList   `cmd:""`
		Revoke tokenRevoke `cmd:""`
	} `cmd:""`
	Duty struct {
		Show dutyShow `cmd:""`
	} `cmd:""`
	Shift struct {
		List shiftList `cmd:""`
		Show showing   `cmd:""`
		Add  shiftAdd  `cmd:""`
	} `cmd:""`
	Handover struct {
		List listing `cmd:""`
		Show showing `cmd:""`
	} `cmd:""`
	Call struct {
		List   callList   `cmd:""`
		Show   showing    `cmd:""`
		Record callRecord `cmd:""`
	} `cmd:""`
	Mute struct {
		Add  muteAdd `cmd:""`
		List listing `cmd:""`
		Show showing `cmd:""`
		End  muteEnd `cmd:""`
	} `cmd:""`
	Journal struct {
		List journalList `cmd:""`
	} `cmd:""`
	Regime struct {
		List listing `cmd:""`
		Show showing `cmd:""`
	} `cmd:""`
	Level struct {
		Questions listing     `cmd:""`
		Decide    levelDecide `cmd:""`
	} `cmd:""`
	Routing struct {
		List listing `cmd:""`
	} `cmd:""`
	Clock struct {
		Show    clockShow    `cmd:""`
		Advance clockAdvance `cmd:""`
	} `cmd:""`
	Verify  verifyCommand  `cmd:""`
	Backup  backupCommand  `cmd:""`
	Restore restoreCommand `cmd:""`
}

// The lists. A flag of a list is the parameter of the same name of the API's.
type (
	findingList struct {
		listing
		Organisation string   `placeholder:"CODE"`
		Unowned      bool     ``
		Kind         []string `placeholder:"KIND"`
		Severity     []string `placeholder:"SEVERITY"`
		State        []string `placeholder:"STATE"`
		Live         bool     ``
		Text         string   `placeholder:"TEXT"`
		Source       string   `placeholder:"NAME"`
		Document     string   `placeholder:"ID"`
		Warning      string   `placeholder:"ID"`
		Since        when     `placeholder:"TIME"`
		Order        string   `placeholder:"ORDER" enum:",oldest,newest,worst" default:""`
	}
	warningList struct {
		listing
		Organisation string   `placeholder:"CODE"`
		State        []string `placeholder:"STATE"`
		Severity     []string `placeholder:"SEVERITY"`
		Overdue      bool     ``
		Since        when     `placeholder:"TIME"`
		Order        string   `placeholder:"ORDER" enum:",oldest,newest" default:""`
	}
	deliveryList struct {
		listing
		Warning string   `placeholder:"ID"`
		State   []string `placeholder:"STATE"`
		Channel []string `placeholder:"CHANNEL"`
		Waiting bool     ``
		Since   when     `placeholder:"TIME"`
		Order   string   `placeholder:"ORDER" enum:",oldest,newest" default:""`
	}
	outboxList struct {
		listing
		Since when   `placeholder:"TIME"`
		Order string `placeholder:"ORDER" enum:",oldest,newest" default:""`
	}
	documentList struct {
		listing
		Source string `placeholder:"NAME"`
		State  string `placeholder:"STATE"`
		Since  when   `placeholder:"TIME"`
	}
	quarantineList struct {
		listing
		Document string `placeholder:"ID"`
		Source   string `placeholder:"NAME"`
		State    string `placeholder:"STATE"`
	}
	holders struct {
		Organisation string `placeholder:"CODE"`
		Below        bool   ``
		Text         string `placeholder:"TEXT"`
	}
	organisationList struct {
		listing
		holders
		Kind string `placeholder:"KIND"`
		Tier string `placeholder:"TIER"`
		On   string `placeholder:"DATE"`
	}
	successionList struct {
		listing
		Organisation string `placeholder:"CODE"`
	}
	systemList struct {
		listing
		holders
		Kind        string `placeholder:"KIND"`
		Level       int    `placeholder:"N"`
		Criticality string `placeholder:"WORD"`
		Status      string `placeholder:"WORD"`
	}
	endpointList struct {
		listing
		holders
		Kind     string `placeholder:"KIND"`
		Realm    string `placeholder:"REALM"`
		System   string `placeholder:"CODE"`
		Hostname string `placeholder:"NAME"`
	}
	addressList struct {
		listing
		holders
		Kind   string `placeholder:"KIND"`
		Realm  string `placeholder:"REALM"`
		System string `placeholder:"CODE"`
		On     string `placeholder:"DATE"`
	}
	contactList struct {
		listing
		holders
	}
	softwareList struct {
		listing
		holders
		System   string `placeholder:"CODE"`
		Hostname string `placeholder:"NAME"`
	}
	indicatorList struct {
		listing
		State  string `placeholder:"STATE"`
		Type   string `placeholder:"TYPE"`
		Source string `placeholder:"NAME"`
		Text   string `placeholder:"TEXT"`
	}
	advisoryList struct {
		listing
		CVE    string `name:"cve" placeholder:"CVE"`
		KEV    bool   `name:"kev"`
		Source string `placeholder:"NAME"`
		Text   string `placeholder:"TEXT"`
		Since  when   `placeholder:"TIME"`
	}
	bulletinList struct {
		listing
		State []string `placeholder:"STATE"`
		Text  string   `placeholder:"TEXT"`
	}
	tokenList struct {
		listing
		User string `placeholder:"EMAIL"`
	}
	shiftList struct {
		listing
		From when `placeholder:"TIME"`
		To   when `placeholder:"TIME"`
	}
	callList struct {
		listing
		About string `placeholder:"ID"`
	}
	journalList struct {
		listing
		Subject string   `placeholder:"SUBJECT"`
		Verb    []string `placeholder:"VERB"`
		Order   string   `placeholder:"ORDER" enum:",oldest,newest" default:""`
	}
)

// waiting is how a command that starts something long waits for what follows.
type waiting struct {
	Wait    bool          ``
	Timeout time.Duration `default:"30s" placeholder:"DURATION"`
}
