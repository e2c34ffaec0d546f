# mclust: EM from hierarchical clustering, which does not depend on chance. Rscript mclust.R ROWS K OUT
suppressMessages(library(mclust))
told <- commandArgs(trailingOnly = TRUE)
X <- as.matrix(read.table(told[1]))
k <- as.integer(told[2])
used <- system.time(fit <- Mclust(X, G = k, modelNames = "VVV", verbose = FALSE))
seconds <- used[["user.self"]] + used[["sys.self"]]
list_of <- function(x) paste0("[", paste(format(x, digits = 17), collapse = ", "), "]")
rows_of <- function(x) paste0("[", paste(apply(x, 1, list_of), collapse = ", "), "]")
if (is.null(fit)) {
  text <- sprintf('[{"seconds": %.6f, "error": "no fit"}]', seconds)
} else {
  found <- fit$parameters
  each <- sapply(seq_len(k), function(j) rows_of(found$variance$sigma[, , j]))
  text <- sprintf(
    '[{"seconds": %.6f, "weights": %s, "means": %s, "covariances": [%s]}]',
    seconds, list_of(found$pro), rows_of(t(found$mean)), paste(each, collapse = ", ")
  )
}
writeLines(text, told[3])
