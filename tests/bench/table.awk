# Lines with tabs as aligned columns, and a last line that counts verdicts.
BEGIN {
    FS = "\t"
    rows = 0
    add("#\twhat\tours\tpeer\tratio\ttarget\tverdict\tour CPU s" \
        "\tpeer's CPU\tpeak MiB")
}

function add(text,  field, n, i) {
    n = split(text, field, "\t")
    for (i = 1; i <= n; i++) {
        cell[rows, i] = field[i]
        if (length(field[i]) > width[i])
            width[i] = length(field[i])
    }
    columns = n
    rows++
}

{
    add($0)
    verdicts[$7]++
}

END {
    for (row = 0; row < rows; row++) {
        text = ""
        for (i = 1; i <= columns; i++)
            text = text sprintf((i <= 2 || i == 4 || i == 7 ? "%-" : "%") \
                width[i] "s", cell[row, i]) "  "
        sub(/ *$/, "", text)
        print text
    }
    printf "%d targets met, %d missed, %d skipped\n", verdicts["met"],
        verdicts["missed"], verdicts["skipped"]
    exit verdicts["missed"] > 0
}
