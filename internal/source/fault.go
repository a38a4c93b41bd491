package source

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"unsafe"
)

// A mapped file that is truncated has no bytes behind its end any more: who reads them
// faults, which ends the process unless the goroutine asked for a panic instead. What
// reads mapped memory begins with
//
//	defer source.Catch(source.Watch(), &err)

// ErrChanged is the error of a file that changed while it was open.
var ErrChanged = errors.New("the file was truncated or overwritten while it was open, or cannot be read: open it again; " +
	"to replace a file, write a new one beside it and rename that over it")

// mappings is the mapped files that are open.
var mappings struct {
	sync.Mutex
	open []*Source
}

// Watch has faults of this goroutine panic. It returns what Catch, or
// debug.SetPanicOnFault, takes to end that.
func Watch() (before bool) { return debug.SetPanicOnFault(true) }

// Catch, deferred, ends what Watch began, and makes the panic of a fault in a mapped file
// the error of the function that defers it. Other panics go on.
func Catch(before bool, err *error) {
	debug.SetPanicOnFault(before)
	if r := recover(); r != nil {
		*err = Fault(r)
	}
}

// Fault is the error, ErrChanged, of a panic for a fault in a mapped file. It panics for
// any other.
func Fault(recovered any) error {
	if fault, ok := recovered.(interface {
		runtime.Error
		Addr() uintptr
	}); ok {
		mappings.Lock()
		defer mappings.Unlock()
		for _, s := range mappings.open {
			if s.holds(fault.Addr()) {
				return s.changed()
			}
		}
	}
	panic(recovered)
}

// holds reports whether an address lies in the pages of a mapping.
func (s *Source) holds(address uintptr) bool {
	start, page := uintptr(unsafe.Pointer(unsafe.SliceData(s.data))), uintptr(os.Getpagesize())
	return address >= start && address-start < (uintptr(len(s.data))+page-1)/page*page
}

func (s *Source) changed() error { return fmt.Errorf("%s: %w", s.file.Name(), ErrChanged) }

// Unchanged returns nil if a mapped file has the size and the time that it had when it was
// opened, and ErrChanged otherwise. What is not mapped, or is closed, has not changed.
func (s *Source) Unchanged() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.open || !s.mapped {
		return nil
	}
	now, err := s.file.Stat()
	if err != nil {
		return err
	}
	if now.Size() != s.size || !now.ModTime().Equal(s.time) {
		return s.changed()
	}
	return nil
}
