"""Which notebooks need what: a study, published trials, or the results of the others."""

NEEDS_STUDY = ("01_study", "02_response", "03_course", "04_relapse", "08_sensitivity")
NEEDS_TRIALS = ("05_trials",)
NEEDS_RESULTS = ("06_evidence", "07_brief")
#: parameters that name a folder of data which the notebook reads
DATA_PARAMETERS = ("study_name", "trials_name", "network_name")
