# Rscript collate.R iterations= folder=   The collation chunk: <folder>/in/<iteration>.rds -> all.rds, workforce.csv
# and a plot of the ensemble beside it.
source("arguments.R")

COUNTS <- c("headcount", "joiners", "leavers", "retirements", "promotions")

read_all <- function(folder, iterations) {
  parts <- lapply(seq_len(iterations), function(iteration) {
    part <- readRDS(file.path(folder, "in", paste0(iteration, ".rds")))
    if (!is.data.frame(part) || !all(part$iteration == iteration)) {
      stop("iteration ", iteration, " holds something else than its own rows")
    }
    part
  })
  do.call(rbind, parts)
}

# A row for each year, grade and age band, over all iterations: the mean of each count, and how headcount spreads.
wrangle <- function(all) {
  keys <- all[c("year", "grade", "age_band")]
  cells <- unique(keys)
  cell <- interaction(keys, drop = TRUE, lex.order = TRUE)
  order_of_cells <- as.character(unique(cell))
  over <- function(name, summary) as.vector(tapply(all[[name]], cell, summary)[order_of_cells])
  means <- sapply(COUNTS, over, summary = mean)
  spread <- sapply(c(p05 = 0.05, p50 = 0.5, p95 = 0.95), function(share) {
    over("headcount", function(values) quantile(values, share, names = FALSE))
  })
  table <- data.frame(cells, matrix(means, nrow(cells)), matrix(spread, nrow(cells)))
  names(table) <- c(names(keys), paste0(COUNTS, "_mean"), paste0("headcount_", c("p05", "p50", "p95")))
  table
}

write_table <- function(table, path) {
  numbers <- sapply(table, is.numeric) & names(table) != "year"
  table[numbers] <- lapply(table[numbers], function(values) sprintf("%.3f", values))
  write.table(table, path, sep = ",", quote = FALSE, row.names = FALSE, eol = "\n")
}

# Every iteration's headcount as a thin line, the middle 90 % shaded, the median on top.
plot_ensemble <- function(all) {
  total <- tapply(all$headcount, list(all$year, all$iteration), sum)
  years <- as.integer(rownames(total))
  shares <- apply(total, 1, quantile, c(0.05, 0.5, 0.95), names = FALSE)
  plot(range(years), range(total), type = "n", xlab = "year", ylab = "people", las = 1,
       main = paste("Workforce supply,", ncol(total), "iterations"))
  polygon(c(years, rev(years)), c(shares[1, ], rev(shares[3, ])), col = "#cfe3f5", border = NA)
  matlines(years, total, lty = 1, col = "#4477aa40")
  lines(years, shares[2, ], lwd = 2, col = "#882255")
  legend("topleft", c("one iteration", "5 to 95 %", "median"), bty = "n",
         col = c("#4477aa", "#cfe3f5", "#882255"), lwd = c(1, 8, 2))
}

given <- read_arguments(c("iterations", "folder"))
all <- read_all(given$folder, as.numeric(given$iterations))
saveRDS(all, file.path(given$folder, "all.rds"))
write_table(wrangle(all), file.path(given$folder, "workforce.csv"))
if (capabilities("cairo")) {
  svg(file.path(given$folder, "ensemble.svg"), width = 8, height = 5)
} else {
  pdf(file.path(given$folder, "ensemble.pdf"), width = 8, height = 5)
}
plot_ensemble(all)
invisible(dev.off())
cat("joined", given$iterations, "iterations:", nrow(all), "rows\n")
