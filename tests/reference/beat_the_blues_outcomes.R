# Counts of outcomes in Beat the Blues, straight from the wide raw table, visit by visit.
# Witness for ctevidence.outcomes, which works on long tables, dates and rules. Made with R 4.2.2,
# HSAUR3 (BtheB) in data/raw/beat-the-blues; run at the root of the project; writes
# tests/reference/beat_the_blues_outcomes.json.
library(jsonlite)
d <- read.csv("data/raw/beat-the-blues/BtheB.csv")
data("BtheB", package = "HSAUR3")   # the raw table is that of the R package
stopifnot(all.equal(unname(as.matrix(d[5:9])), unname(as.matrix(BtheB[4:8]))))
arm <- ifelse(d$treatment == "BtheB", ifelse(d$drug == "Yes", "combined", "therapy"),
              ifelse(d$drug == "Yes", "medication", "control"))
weeks <- c(9, 13, 22, 35)
scores <- as.matrix(d[6:9])
enters <- d$bdi.pre >= 10
per_arm <- function(x, who = enters) as.list(tapply(x[who], arm[who], sum, na.rm = TRUE))
by_week <- function(f) setNames(lapply(1:4, f), weeks)

half <- scores <= d$bdi.pre / 2
remitted <- scores <= 9

start <- relapse <- last <- integer(nrow(d))
for (i in seq_len(nrow(d))) {
  seen <- which(!is.na(scores[i, ]))
  start[i] <- seen[scores[i, seen] <= 9][1]
  later <- if (is.na(start[i])) integer() else seen[seen > start[i]]
  relapse[i] <- later[scores[i, later] >= 17][1]
  last[i] <- max(0, seen)
}
# 1 well, 0 not well, NA unknown: the visits on either side of a missed one must agree
status <- function(i, w) {
  seen <- which(!is.na(scores[i, ]))
  if (!is.na(relapse[i]) && relapse[i] <= w) return(0)
  if (!is.na(start[i]) && start[i] <= w) {
    well <- seen[seen >= start[i] & (is.na(relapse[i]) | seen < relapse[i])]
    return(if (max(well) >= w) 1 else NA)
  }
  before <- if (is.na(start[i])) seen else seen[seen < start[i]]
  if (max(0, before) >= w) 0 else NA
}
well <- sapply(1:4, function(w) sapply(seq_len(nrow(d)), status, w = w))

out <- list(
  versions = list(R = R.version.string, HSAUR3 = as.character(packageVersion("HSAUR3"))),
  started = per_arm(rep(1, 100), rep(TRUE, 100)),
  below_entry_severity = per_arm(!enters, rep(TRUE, 100)),
  entered = per_arm(enters),
  seen = by_week(function(w) per_arm(!is.na(scores[, w]))),
  half_everyone = by_week(function(w) per_arm(half[, w], rep(TRUE, 100))),
  scored_everyone = by_week(function(w) per_arm(!is.na(half[, w]), rep(TRUE, 100))),
  half_entering = by_week(function(w) per_arm(half[, w])),
  remitted = by_week(function(w) per_arm(remitted[, w])),
  ever_remitted = per_arm(!is.na(start)),
  relapsed = per_arm(!is.na(relapse)),
  staying_well = by_week(function(w) per_arm(well[, w])),
  staying_known = by_week(function(w) per_arm(!is.na(well[, w]))),
  last_visit = setNames(lapply(0:4, function(w) per_arm(last == w)), c(0, weeks)))
write_json(out, "tests/reference/beat_the_blues_outcomes.json",
           auto_unbox = TRUE, digits = NA, pretty = TRUE)
