package print

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"iter"
	"strconv"
)

// writeImages writes one image, or an archive of several.
func (j Job) writeImages(ctx context.Context, w io.Writer, f Format, n int, labels iter.Seq[Label]) error {
	draw := j.svgPage
	if f == PNG {
		draw = j.pngPage
	}
	if j.Pages(n) == 1 {
		return drawAll(ctx, j, j.pages(labels), draw, func(image []byte) error {
			_, err := w.Write(image)
			return err
		})
	}
	method := zip.Deflate
	if f == PNG {
		method = zip.Store // it is compressed
	}
	archive := zip.NewWriter(w)
	number, digits := 0, max(3, len(strconv.Itoa(j.Pages(n)))) // so that they sort
	err := drawAll(ctx, j, j.pages(labels), draw, func(image []byte) error {
		number++
		file, err := archive.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("page-%0*d.%s", digits, number, f), Method: method, Modified: j.Created})
		if err == nil {
			_, err = file.Write(image)
		}
		return err
	})
	if err != nil {
		return err
	}
	return archive.Close()
}
