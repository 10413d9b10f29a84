module gobp/helpers

go 1.21
