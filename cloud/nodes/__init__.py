"""Identity of nodes: enrolment, credentials, and what each may speak of."""
