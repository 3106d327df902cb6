const machine = Date.now.bind(Date);
let offsetMs = 0;

// The clock of the module (`SystemClock`) and everything else of this process asks `Date.now()` what time it is. Setting the
// clock of the machine needs root and would hit every other process; `performance.now()` stays true, as a real monotonic
// clock does when an operator or NTP moves the wall clock.
Date.now = () => machine() + offsetMs;

/** What time it really is, however far the clock of this process is off. */
export function trueTime(): number {
  return machine();
}

/** Sets the wall clock of this process off by so much. Returns the offset. */
export function shiftClock(ms: number): number {
  offsetMs = ms;
  return offsetMs;
}
