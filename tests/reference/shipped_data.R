# Facts about the data that come with the project, from the R packages that publish them.
# Rscript tests/reference/shipped_data.R > tests/reference/shipped_data.json
suppressMessages({
  library(HSAUR3)
  library(metadat)
  library(jsonlite)
})

arm <- with(BtheB, ifelse(treatment == "TAU",
  ifelse(drug == "No", "control", "medication"),
  ifelse(drug == "No", "therapy", "combined")
))
scores <- BtheB[c("bdi.pre", "bdi.2m", "bdi.3m", "bdi.5m", "bdi.8m")]
names(scores) <- c("0", "61", "91", "152", "244") # days of months 0, 2, 3, 5, 8 of 30.4375 days
by_arm <- lapply(split(scores, arm), function(own) {
  lapply(own, function(score) list(n = sum(!is.na(score)), total = sum(score, na.rm = TRUE)))
})

cat(toJSON(list(
  packages = lapply(
    list(HSAUR3 = "HSAUR3", metadat = "metadat"),
    function(name) as.character(packageVersion(name))
  ),
  beat_the_blues = list(people = as.list(table(arm)), scores = by_arm),
  linde2016 = list(
    studies = length(unique(dat.linde2016$id)),
    contrasts = nrow(dat.linde2016),
    treatments = length(unique(c(dat.linde2016$treat1, dat.linde2016$treat2))),
    contrasts_by_study = as.list(table(table(dat.linde2016$id))),
    sum_estimate = sum(dat.linde2016$lnOR),
    sum_std_error = sum(dat.linde2016$selnOR)
  )
), auto_unbox = TRUE, pretty = TRUE, digits = 10), "\n")
