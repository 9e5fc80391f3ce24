# A table as SAS stores it (sas7bdat), for the reader of SAS files: made-up values that stand here.
# Run in tests/reference: Rscript sas_table.R    (R package haven)
library(haven)
table <- data.frame(
  id = c("007", "8", "a b"),
  score = c(0.1, 5, NA),
  seen = as.Date(c("2024-03-29", "1899-01-02", NA))
)
suppressWarnings(write_sas(table, "sas_table.sas7bdat"))
