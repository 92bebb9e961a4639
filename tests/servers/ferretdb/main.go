// A FerretDB for tests: ferretdb FOLDER [ADDRESS] keeps its data in SQLite files there, says its address in FOLDER/address, and runs until it is killed.
package main

import (
	"context"
	"io"
	"log"
	"log/slog"
	"os"
	"strings"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	address := "127.0.0.1:0"
	if len(os.Args) > 2 {
		address = os.Args[2]
	}
	f, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: address},
		Logger:    slog.New(slog.NewTextHandler(io.Discard, nil)),
		Handler:   "sqlite",
		SQLiteURL: "file:" + os.Args[1] + "/",
	})
	if err != nil {
		log.Fatal(err)
	}
	name := os.Args[1] + "/address"
	text := strings.TrimPrefix(f.MongoDBURI(), "mongodb://")
	if err = os.WriteFile(name+".new", []byte(strings.TrimRight(text, "/")+"\n"), 0o666); err == nil {
		err = os.Rename(name+".new", name)
	}
	if err != nil {
		log.Fatal(err)
	}
	if err = f.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}
