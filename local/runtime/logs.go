package runtime

import (
	"bytes"
	"io"
)

// A longer line is written in pieces.
const maxLine = 256 << 10

// A lineWriter puts a prefix before each line and writes whole lines, each by one Write.
type lineWriter struct {
	prefix string
	to     io.Writer
	rest   []byte
}

// Write never fails: a function does not end because nobody reads its logs.
func (l *lineWriter) Write(text []byte) (int, error) {
	l.rest = append(l.rest, text...)
	for {
		end := bytes.IndexByte(l.rest, '\n')
		if end < 0 && len(l.rest) < maxLine {
			return len(text), nil
		}
		if end < 0 {
			end = len(l.rest)
		}
		l.line(l.rest[:end])
		l.rest = l.rest[min(end+1, len(l.rest)):]
	}
}

func (l *lineWriter) flush() {
	if len(l.rest) > 0 {
		l.line(l.rest)
		l.rest = nil
	}
}

func (l *lineWriter) line(text []byte) {
	line := make([]byte, 0, len(l.prefix)+len(text)+1)
	line = append(append(append(line, l.prefix...), text...), '\n')
	_, _ = l.to.Write(line)
}
