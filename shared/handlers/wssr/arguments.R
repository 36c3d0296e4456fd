# The arguments of a script, each written name=value, as a named list of texts.
read_arguments <- function(wanted) {
  words <- commandArgs(trailingOnly = TRUE)
  values <- as.list(sub("^[^=]*=", "", words))
  names(values) <- sub("=.*$", "", words)
  missing <- setdiff(wanted, names(values))
  if (length(missing) > 0) stop("arguments are missing: ", paste(missing, collapse = ", "))
  values
}
