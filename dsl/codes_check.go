package dsl

var checkCodes = []CodeInfo{}
