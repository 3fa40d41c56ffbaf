module test.invalid/ledger

go 1.21
