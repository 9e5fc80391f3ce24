# Marginal means of an unstructured repeated-measures model by nlme's gls, for tests/models.
# Run: Rscript course.R   (writes course.json); data: Beat the Blues as received, all 100 people.
suppressMessages({library(nlme); library(jsonlite)})
B <- read.csv("../../data/raw/beat-the-blues/BtheB.csv")
arms <- c("control", "medication", "therapy", "combined")
B$arm <- factor(ifelse(B$drug == "Yes", ifelse(B$treatment == "BtheB", "combined", "medication"),
                       ifelse(B$treatment == "BtheB", "therapy", "control")), arms)
columns <- c("9" = "bdi.2m", "13" = "bdi.4m", "22" = "bdi.6m", "35" = "bdi.8m")
d <- do.call(rbind, lapply(names(columns), function(w) data.frame(
  id = B$rownames, arm = B$arm, long = B$length == ">6m", baseline = B$bdi.pre,
  week = factor(w, names(columns)), score = B[[columns[[w]]]])))
d <- d[!is.na(d$score), ]
people <- d[!duplicated(d$id), ]                     # everyone with a score, once
d$baseline <- d$baseline - mean(people$baseline)
d$long <- d$long - mean(people$long)
d <- d[order(d$id, d$week), ]
fit <- gls(score ~ 0 + week:arm + week:baseline + long, d, method = "REML",
           correlation = corSymm(form = ~ as.integer(week) | id), weights = varIdent(form = ~ 1 | week),
           control = glsControl(tolerance = 1e-10, msTol = 1e-12, maxIter = 500, msMaxIter = 500))
cells <- as.vector(outer(names(columns), arms, function(w, a) paste0("week", w, ":arm", a)))
out <- list(keys = cells, estimate = unname(coef(fit)[cells]),
            cov = unname(vcov(fit)[cells, cells]), loglik = as.numeric(logLik(fit)),
            n = as.vector(table(d$week, d$arm)),
            about = list(r = R.version.string, nlme = as.character(packageVersion("nlme"))))
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE), "course.json")
