module github.com/ricircolo/ricircolo

go 1.26
