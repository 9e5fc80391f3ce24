# Reference numbers for ctevidence.synthesis.pool on the shipped table of published trials.
# Made with R 4.2.2, metafor 3.8-1; reads data/raw/published-trials/arms.csv and writes
# metafor_published_trials.json beside this file. Trials, outcomes, weeks and arms are named one by
# one here, so that the selection by rules is checked too.
suppressMessages({library(metafor); library(jsonlite)})
arms <- read.csv("../../data/raw/published-trials/arms.csv", check.names = FALSE)
control <- list(threshold = 1e-12, maxiter = 100000, stepadj = 0.5)

cell <- function(trial, treatment, outcome, weeks, arm = NULL) {
  rows <- arms[arms$trial_id == trial & arms$treatment == treatment & arms$outcome == outcome &
               (if (is.na(weeks)) is.na(arms$weeks) else arms$weeks %in% weeks), ]
  if (!is.null(arm)) rows <- rows[rows$arm == arm, ]
  stopifnot(nrow(rows) == 1)
  rows
}

pooled <- function(chosen, measure, group = NULL) {
  one <- do.call(rbind, Map(cell, chosen$trial, "combined", chosen$outcome, chosen$weeks))
  two <- do.call(rbind, Map(cell, chosen$trial, chosen$against, chosen$outcome, chosen$weeks,
                            lapply(chosen$arm, function(a) if (is.na(a)) NULL else a)))
  e <- escalc(measure = measure, ai = one$events, n1i = one$n, ci = two$events, n2i = two$n)
  # counts worked out from survival curves: 100 people are worth 80, in either arm
  e$vi <- e$vi / ifelse(grepl("survival_estimate", one$flags), 0.8, 1)
  r <- rma(yi, vi, data = e, test = "adhoc", control = control)
  p <- predict(r)
  out <- list(study = chosen$trial, yi = c(e$yi), vi = c(e$vi), estimate = c(r$beta),
    std_error = r$se, conf_low = r$ci.lb, conf_high = r$ci.ub, p_value = r$pval, tau2 = r$tau2,
    q = r$QE, i2_tau2 = r$I2, pi_low = p$pi.lb, pi_high = p$pi.ub,
    n1 = sum(one$n), events1 = sum(one$events), n2 = sum(two$n), events2 = sum(two$events))
  if (!is.null(group)) {
    kept <- group %in% names(which(table(group) > 1))
    g <- rma(yi, vi, mods = ~ factor(group[kept]), data = e[kept, ], test = "adhoc", control = control)
    out$groups <- list(f = g$QM, df = g$QMdf, p = g$QMp)
  }
  out
}

# acute response, combined against medication, main stratum; Blanco 2010 reports weeks 12 and 24
response <- data.frame(
  trial = c("tads2004", "mynorswallis2000", "browne2002", "naeem2010", "schramm2007", "walkup2008",
            "davidson2004", "blanco2010", "keller2000"),
  against = "medication", outcome = "response",
  weeks = c(12, NA, 26, NA, 5, 12, 14, 12, 12), arm = NA)
group <- c(rep("depression", 5), rep("anxiety", 3), "depression")

# relapse or recurrence, combined against medication: Bockting 2018 tapered only in its therapy arm;
# Kennard 2014 reports weeks 24 and 72
relapse <- data.frame(
  trial = c("reynolds2006", "paykel1999", "kennard2014", "bockting2018", "reynolds1999",
            "miklowitz2003", "dsouza2010"),
  against = "medication",
  outcome = c("recurrence", "relapse", "relapse", "relapse", "recurrence", "relapse", "relapse"),
  weeks = c(104, 68, 24, 104, 156, 104, 60), arm = NA)

# acute response, combined against therapy; in Davidson 2004 the therapy arm with placebo
therapy <- data.frame(
  trial = c("tads2004", "mynorswallis2000", "browne2002", "walkup2008", "davidson2004", "blanco2010",
            "keller2000"),
  against = "therapy", outcome = "response", weeks = c(12, NA, 26, 12, 14, 12, 12),
  arm = c(NA, NA, NA, NA, "group CBT + placebo", NA, NA))

# rows of the overview: adults with depression, response against medication; PTSD, dropout against
# therapy
adults <- response[response$trial %in% c("mynorswallis2000", "naeem2010", "schramm2007"), ]
dropout <- data.frame(trial = c("popiel2015", "schneier2012", "rauch2019"), against = "therapy",
                      outcome = "dropout", weeks = c(12, 10, 24), arm = NA)

write_json(list(
    overview_depression = pooled(adults, "RR"),
    overview_ptsd_dropout = pooled(dropout, "RR"),
    response_risk_ratio = pooled(response, "RR", group),
    response_odds_ratio = pooled(response, "OR"),
    relapse_risk_ratio = pooled(relapse, "RR"),
    therapy_risk_ratio = pooled(therapy, "RR")),
  "metafor_published_trials.json", auto_unbox = TRUE, digits = NA, pretty = TRUE, na = "null")
