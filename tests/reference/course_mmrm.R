# Differences between arms at each visit by R's mmrm, for tests/models/test_course.py.
# Run: Rscript course_mmrm.R   (writes course_mmrm.json); needs mmrm 0.3.18.
# Data: Beat the Blues as received, all 100 people; week holds the nominal week of the visit.
suppressMessages({library(mmrm); library(jsonlite)})
B <- read.csv("../../data/raw/beat-the-blues/BtheB.csv")
arms <- c("control", "medication", "therapy", "combined")
B$arm <- factor(ifelse(B$drug == "Yes", ifelse(B$treatment == "BtheB", "combined", "medication"),
                       ifelse(B$treatment == "BtheB", "therapy", "control")), arms)
columns <- c("9" = "bdi.2m", "13" = "bdi.4m", "22" = "bdi.6m", "35" = "bdi.8m")
d <- do.call(rbind, lapply(names(columns), function(w) data.frame(
  id = factor(B$rownames), arm = B$arm, length = B$length, baseline = B$bdi.pre,
  week = factor(w, names(columns)), score = B[[columns[[w]]]])))
d <- d[!is.na(d$score), ]
difference <- function(fit, week, arm, against) {
  L <- setNames(numeric(length(coef(fit))), names(coef(fit)))
  add <- function(a, sign) if (a != arms[1]) {
    L[paste0("arm", a)] <<- L[paste0("arm", a)] + sign
    at <- intersect(paste0("week", week, ":arm", a), names(L))
    L[at] <<- L[at] + sign
  }
  add(arm, 1); add(against, -1)
  test <- df_1d(fit, L)
  data.frame(week = as.numeric(week), arm = arm, reference = against, estimate = test$est,
             std_error = test$se, df = test$df)
}
pairs <- rbind(c("combined", "medication"), c("combined", "therapy"), c("combined", "control"),
               c("medication", "control"), c("therapy", "control"))
run <- function(method, vcov = NULL) {
  fit <- mmrm(score ~ baseline * week + arm * week + length + us(week | id), d, method = method,
              vcov = vcov, reml = TRUE)
  rows <- do.call(rbind, lapply(levels(d$week), function(w)
    do.call(rbind, apply(pairs, 1, function(p) difference(fit, w, p[1], p[2]), simplify = FALSE))))
  list(reml_loglik = as.numeric(logLik(fit)), contrasts = rows)
}
out <- list("kenward-roger" = run("Kenward-Roger"),
            "kenward-roger-linear" = run("Kenward-Roger", "Kenward-Roger-Linear"),
            satterthwaite = run("Satterthwaite"),
            about = list(r = R.version.string, mmrm = as.character(packageVersion("mmrm"))))
writeLines(toJSON(out, digits = 14, auto_unbox = TRUE), "course_mmrm.json")
