/*
 * One rule of one security group, its switch, the log, and everybody who works on them: open, close, extend, sweep and
 * switch, with crashes, freezes, lost and late answers, duplicate delivery and one or two holders of the rule.
 * docs/model.md maps every step to the code and says what is left out. What a run looks at is chosen by preprocessor:
 *
 *   GRANTS 1 | 2     requests that hold the rule
 *   VISITORS 1 | 2   workers that visit each request (2: everything is delivered twice)
 *   FIRST_TWICE      with two of each: only the first request is visited twice
 *   FAULTS, CRASHES  how many calls fail, or lose their answer; how often a worker forgets everything
 *   TIMELY           nobody is held up: what a worker decides on, it knows from the log as it is, and carries out at once
 *   MORTAL           a crashed worker may stay dead, and all of them may
 *   LATE             a call that its sender has given up may still land
 *   NO_CLICKS        nobody ends a window early
 *   EXTEND           the window of the first grant may be extended
 *   SWEEP            a sweep runs
 *   BY_HAND          somebody removes our rule by hand, once
 *   STANDING         somebody else's rule of the same shape may be there before
 *   FAULT_…          a fault planted in the protocol: the checker must find it
 */

#ifndef GRANTS
#define GRANTS 1
#endif
#ifndef VISITORS
#define VISITORS 1
#endif
#ifndef FAULTS
#define FAULTS 0
#endif
#ifndef CRASHES
#define CRASHES 0
#endif

/* ---- AWS ---------------------------------------------------------------------------------------------------------- */

#define NONE 0
/* A switch that revokes by the rule's properties, whoever made the rule. */
#define PROPERTIES 14
/* Somebody else's rule of the same shape. */
#define FOREIGN 15

byte now;
byte rule, tag, maker; /* the rule's id; on its tags its end, and the request that made it (counted from 1) */
byte named;            /* ids that AWS has given so far */
byte armedFor, armedEnd; /* what the switch revokes, and from when on */

#define ours (rule != NONE && rule != FOREIGN)
#define guarded (armedFor == PROPERTIES || armedFor == rule)

/* ---- the log ------------------------------------------------------------------------------------------------------ */

#define APPROVED 0
#define OPENING 1
#define OPEN 2
#define CLOSING 3
#define CLOSED 4
#define FAILED 5

typedef Grant { byte state; byte id; byte deadline; bit ended };
Grant log[GRANTS];
bit extended;          /* the extension's approval is in the log */

#define holds(g) (g.state >= OPENING && g.state <= CLOSING)
#define ending(g) (g.state == CLOSING || g.ended || now >= g.deadline)
#define keeps(g) ((g.state == OPENING || g.state == OPEN) && !g.ended && now < g.deadline)

/* One grant ends before the other; with an extension both end at once, and the extended one after the other. */
#ifdef EXTEND
#define END(g) 1
#define EXTENDED_END 2
#define LAST EXTENDED_END
#else
#define END(g) (g + 1)
#define LAST GRANTS
#endif

/* What only the promises look at: the latest end that anybody approved, and how often each window was said to be closed. */
byte approved;
byte confirmations[GRANTS];
/* An opening is under way that nobody takes over yet. */
bit busy[GRANTS];

/* ---- faults ------------------------------------------------------------------------------------------------------- */

byte faults = FAULTS;
byte crashes = CRASHES;
bit crashed[4];
#ifdef EXTEND
bit died; /* whoever carries out the extension, for good */
#endif
/* A call that was given up by its sender and is still on its way. */
byte late, lateFor, lateEnd;
#define AUTHORIZE 1
#define MOVE 2
#define DISARM 3

/* ---- what a worker knows of the log: a fold of it up to some commit -------------------------------------------------- */

#ifdef TIMELY
#define view log
#define READ skip
#else
#define READ1(g) view[g].state = log[g].state; view[g].id = log[g].id; view[g].deadline = log[g].deadline; view[g].ended = log[g].ended
#if GRANTS > 1
#define READ READ1(0); READ1(1)
#else
#define READ READ1(0)
#endif
#endif

#if GRANTS > 1
#define OTHER (1 - me)
#define otherHolds (holds(view[OTHER]))
#define otherKeeps (keeps(view[OTHER]))
/* A confirmed grant keeps its own rule only, not one of the same shape that came later. */
#ifdef FAULT_KEPT
#define otherKeepsIt otherKeeps
#else
#define otherKeepsIt (otherKeeps && (view[OTHER].state == OPENING || view[OTHER].id == rule))
#endif
#define otherKeepsInLog (keeps(log[OTHER]))
#define otherLeaves (holds(log[OTHER]) && ending(log[OTHER]))
#define otherEnd (view[OTHER].deadline)
#define otherId (view[OTHER].state == OPEN -> view[OTHER].id : NONE)
#define endOf (otherKeeps && otherEnd > view[me].deadline -> otherEnd : view[me].deadline)
#else
#define otherHolds false
#define otherKeeps false
#define otherKeepsIt false
#define otherKeepsInLog false
#define otherLeaves false
#define otherEnd 0
#define otherId NONE
#define endOf (view[me].deadline)
#endif

#ifdef TIMELY
/* A decision and its call are one step. */
#define together atomic
/* An authorize call lands before absence has lasted for ten seconds, */
#define landed (late != AUTHORIZE)
/* and an opening ends before it is taken over. */
#define free (busy[me] == 0)
inline refresh() { skip }
inline mayRefresh() { skip }
#else
#define together
#define landed true
#define free true
inline refresh() { d_step { READ } }
inline mayRefresh() { if :: d_step { READ } :: skip fi }
#endif

/* ---- calls to AWS: done; refused; done and the answer lost; given up, for good or late -------------------------------- */

/* Creates the switch, or moves what is there. Where no answer came, what is read back is the answer: whoever goes by it does so next. */
inline arm(what, until) {
  if
  :: d_step { armedFor = what; armedEnd = until; ok = 1 }
  :: d_step { faults > 0 -> faults--; ok = 0 }
  :: d_step { faults > 0 -> faults--; ok = 1 }
  :: d_step { faults > 0 -> faults--; armedFor = what; armedEnd = until; ok = 0 }
#ifdef LATE
  :: d_step { faults > 0 && late == NONE -> faults--; late = MOVE; lateFor = what; lateEnd = until; ok = 1 }
#endif
  fi
}

/* Moves what is there; fails where nothing is. The same of an answer that did not come. */
inline move(what, until) {
  if
  :: d_step { armedFor != NONE -> armedFor = what; armedEnd = until; ok = 1 }
  :: d_step { armedFor == NONE -> ok = 0 }
  :: d_step { faults > 0 -> faults--; ok = 0 }
  :: d_step { faults > 0 -> faults--; ok = 1 }
  :: d_step { faults > 0 && armedFor != NONE -> faults--; armedFor = what; armedEnd = until; ok = 0 }
  fi
}

inline readBack(what, until) {
  d_step { if :: ok && !(armedFor == what && armedEnd == until) -> ok = 0 :: else fi }
}

inline disarm() {
  if
  :: d_step { armedFor = NONE; armedEnd = 0; ok = 1 }
  :: d_step { faults > 0 -> faults--; ok = 0 }
#ifdef LATE
  :: d_step { faults > 0 && late == NONE -> faults--; late = DISARM; ok = 0 }
#endif
  fi
}

#define GO rule = NONE; tag = 0; maker = 0

/* By id: one that is gone is fine. Whoever revokes somebody else's rule has adopted it. */
inline revoke(what) {
  if
  :: d_step { if :: rule == what && rule != NONE -> assert(rule != FOREIGN); GO :: else fi; ok = 1 }
  :: d_step { faults > 0 -> faults--; ok = 0 }
  fi
}

/* Only on a rule that is there. */
inline setTag(what, until) {
  if
  :: d_step { rule == what -> assert(rule != FOREIGN); tag = until; ok = 1 }
  :: d_step { rule != what -> ok = 0 }
  :: d_step { faults > 0 -> faults--; ok = 0 }
  fi
}

/* One authorize call, never repeated. `made` where AWS named the rule; a lost answer is looked for in what it describes. */
inline authorize(until) {
  if
  :: d_step { rule == NONE -> named++; rule = named; maker = me + 1; tag = until; made = rule; ok = 1 }
  :: d_step { ours -> made = rule; ok = 1 }
#ifdef FAULT_ADOPT
  :: d_step { rule == FOREIGN -> made = rule; ok = 1 }
#else
  :: d_step { rule == FOREIGN -> ok = 0 }
#endif
  :: d_step { faults > 0 -> faults--; ok = 0 }
  :: d_step { faults > 0 && rule == NONE -> faults--; named++; rule = named; maker = me + 1; tag = until; ok = 1 }
#ifdef LATE
  :: d_step { faults > 0 && late == NONE -> faults--; late = AUTHORIZE; lateFor = me + 1; lateEnd = until; ok = 1 }
#endif
  fi
}

/* ---- a worker visits a request ------------------------------------------------------------------------------------ */

#define over (!(view[me].state == OPENING || view[me].state == OPEN) || view[me].ended || now >= view[me].deadline)

/* The rule as this grant's: by its id once that is confirmed, or by its tag; until then by properties. */
#ifdef FAULT_ONE_ID
#define isOwn (ours && (proven == NONE || rule == proven))
#else
#define isOwn (ours && (proven == NONE || rule == proven || maker == me + 1))
#endif

/* Absence counts from when the log says that the window is ending: from then on nobody begins to open it. */
#ifdef FAULT_UNTOLD
#define told true
#else
#define told (view[me].state == CLOSING)
#endif

/* The switch also serves a holder that is ending: its rule may still be there. */
#ifdef FAULT_RELEASE_ENDING
#define needed false
#else
#define needed otherHolds
#endif

/* Where nobody is held up, a window is only said to be closed, or never to have opened, when its rule is not there or another's. */
#ifndef TIMELY
#define forSomebody true
#elif GRANTS > 1
#define forSomebody (!ours || (holds(log[OTHER]) && (log[OTHER].id == NONE || log[OTHER].id == rule)))
#else
#define forSomebody (!ours)
#endif
/* A switch was left to the other holder, which has been confirmed since. */
#ifdef FAULT_LEFT_SWITCH
#define leftOver false
#else
#define leftOver (shared && !otherHolds)
#endif
#ifdef FAULT_LEFT_VAIN
#define leftToEnding false
#else
#define leftToEnding (otherHolds && !otherKeeps)
#endif
inline fail() { log[me].state = FAILED; assert(forSomebody); READ }

/* What is armed and not authorized for is remembered until it is disarmed. */
#ifdef FAULT_VAIN
#define VAIN skip
#else
#define VAIN vain = 1
#endif
/* What is not read back as it was written is written again: another grant may write it, too. */
#ifdef FAULT_REWRITE
#define REWRITTEN true
#else
#define REWRITTEN (!over)
#endif
inline leave() {
  atomic {
    if :: opener -> busy[me] = 0 :: else fi;
    opener = 0; ok = 0; seen = 0; until = 0; mate = 0; proven = 0; shared = 0; mayBeOpen = 0
  }
}

/* Lets go of the rule: disarms, or hands the switch over to whoever keeps it. */
inline release() {
  if
#ifdef FAULT_RELEASE_HELD
  :: true -> mate = NONE; until = 0; disarm()
#else
  :: otherKeeps -> until = otherEnd; mate = otherId; arm(PROPERTIES, until)
  :: !otherKeeps && needed -> mate = NONE; until = 0; ok = 1
  :: !otherKeeps && !needed -> mate = NONE; until = 0; disarm()
#endif
  fi
}
inline handOver() {
  if
  :: ok && until != 0 ->
    readBack(PROPERTIES, until);
    if
    :: ok && mate != NONE ->
      together { move(mate, until) };
      readBack(mate, until);
      together { if :: ok -> setTag(mate, until) :: else fi }
    :: else
    fi
  :: else
  fi
}

proctype Visit(byte me, who) {
#ifndef TIMELY
  Grant view[GRANTS];
#endif
  byte made, proven, seen, until, mate;
  bit ok, mayBeOpen, gone, kept, opener, shared, vain;

  {
    refresh();

advance:
    leave();
    if
    :: view[me].state == APPROVED -> goto intend
    :: view[me].state == OPENING -> goto resume
    :: view[me].state == OPEN -> goto live
    :: view[me].state == CLOSING -> goto close
    :: else -> if :: vain -> goto close :: else -> goto done fi
    fi;

intend:
#if !defined(FAULT_BLIND) && !defined(FAULT_ADOPT)
    /* nothing is begun where somebody's own rule stands */
    if
    :: rule == FOREIGN ->
         atomic { if :: log[me].state == APPROVED -> log[me].state = FAILED :: else fi; READ };
         goto advance
    :: else
    fi;
#endif
    /* 1. decided again on the newest state; a rule that is being revoked is not joined */
    if
    :: atomic { log[me].state == APPROVED && now < END(me) && !otherLeaves ->
         log[me].state = OPENING; log[me].deadline = END(me); READ; busy[me] = 1; opener = 1;
         if :: approved < END(me) -> approved = END(me) :: else fi }
    :: atomic { log[me].state == APPROVED && now >= END(me) -> log[me].state = FAILED; READ }; goto advance
    :: atomic { log[me].state != APPROVED -> READ }; goto advance
    fi;
    goto carryOut;

resume:
    mayRefresh();
    if
    :: view[me].state != OPENING -> goto advance
    :: view[me].state == OPENING && (over || gone) -> goto close
    :: atomic { view[me].state == OPENING && !over && !gone && free -> busy[me] = 1; opener = 1; mayBeOpen = 1; READ }
    fi;
    if :: view[me].state != OPENING -> goto advance :: else fi;
#if !defined(FAULT_BLIND) && !defined(FAULT_ADOPT)
    if :: rule == FOREIGN -> goto undo :: else fi;
#endif

carryOut:
#ifndef FAULT_UNARMED
    /* 2. the switch by properties, and read back */
    together { mayRefresh(); until = endOf; VAIN; arm(PROPERTIES, until) };
    readBack(PROPERTIES, until);
    /* another grant may have written the same switch: once more, to the end that the log says by now */
    if
    :: !ok ->
      together { refresh(); if :: REWRITTEN -> until = endOf; arm(PROPERTIES, until) :: else -> goto undo fi };
      readBack(PROPERTIES, until)
    :: !ok -> goto undo
    :: else
    fi;
    if :: !ok -> goto undo :: else fi;
#endif

    /* 3. enough must remain; one authorize call */
    together {
      mayRefresh();
      if
      :: view[me].state == OPEN -> until = endOf; move(view[me].id, until); goto advance
      :: view[me].state != OPEN && over -> goto undo
      :: view[me].state == OPENING && !over -> until = endOf; vain = 0
      fi;
      authorize(until)
    };
    if :: !ok -> goto undo :: else mayBeOpen = 1 fi;
#ifdef FAULT_UNARMED
    together { mayRefresh(); until = endOf; arm(PROPERTIES, until) };
#endif

    /* 4. look until it is there, with its end on it */
    if
    :: atomic { (made == NONE -> ours : rule == made) -> seen = rule; until = tag }
    :: atomic { !(made == NONE -> ours : rule == made) -> goto undo }
    fi;
    together {
      mayRefresh();
      if :: until < endOf -> until = endOf; setTag(seen, until) :: else -> ok = 1 fi
    };
    if :: !ok -> goto undo :: else fi;
#ifndef FAULT_ONE_LOOK
    together {
      /* and at the switch again: whatever is there is written as it must be, and what is gone is missed */
      mayRefresh();
      if
      :: !over
      :: over -> goto close
      fi;
      /* 5. from now on it can only touch this rule */
      until = endOf; move(seen, until)
    };
    readBack(seen, until);
    if
    :: !ok ->
      together { refresh(); if :: REWRITTEN -> until = endOf; move(seen, until) :: else -> goto undo fi };
      readBack(seen, until)
    :: !ok -> goto undo
    :: else
    fi;
    if :: !ok -> goto undo :: else fi;
#endif
    atomic { if :: log[me].state == OPENING -> log[me].state = OPEN; log[me].id = seen :: else fi; READ };
#ifndef FAULT_TAKEN_OVER
    if :: over -> goto undo :: else fi;
#endif
    goto advance;

live:
    if
    :: view[me].state == OPEN && over -> goto close
    :: view[me].state != OPEN -> goto advance
#ifndef TIMELY
    :: atomic { view[me].state == OPEN && !over && (log[me].state != OPEN || log[me].ended != view[me].ended || log[me].deadline != view[me].deadline) -> READ }; goto advance
#endif
    fi;

undo:
    if
    :: mayBeOpen ->
      /* another took it over, and has recorded all that this one has made */
      mayRefresh();
      if
      :: view[me].state == OPEN && (made == NONE || made == view[me].id) -> goto advance
      :: else -> goto close
      fi
    :: else
    fi;
    together {
      mayRefresh();
      /* what another keeps now may be left to this one before its failure is in the log */
      shared = (ours || otherHolds);
      /* another took it over and has opened it */
      if :: view[me].state == OPEN -> goto advance :: else fi;
      if :: ours && !otherKeepsIt -> goto close :: else fi;
      release();
#ifdef TIMELY
      if :: ok && !shared && log[me].state == OPENING -> fail(); goto advance :: else fi
#endif
    };
    handOver();
    if :: !ok -> goto advance :: else fi;
    if
#ifdef FAULT_FAIL_SHARED
    :: atomic { log[me].state <= OPENING -> fail() }
#else
    :: atomic { log[me].state <= OPENING && (!shared || otherKeepsInLog) -> fail() }
    :: atomic { log[me].state <= OPENING && shared && !otherKeepsInLog -> READ }; goto close
#endif
    :: atomic { log[me].state > OPENING -> READ }
    fi;
    goto advance;

close:
    leave();
    if
    :: holds(view[me]) -> proven = view[me].id
    :: !holds(view[me]) ->
      /* somebody else has closed it: what this worker made is taken back */
      together { if :: made != NONE && !otherKeepsIt -> revoke(made) :: else fi };
      /* and what it armed for nothing is disarmed */
      if
      :: vain ->
        together { refresh(); shared = leftToEnding; release() };
        handOver();
        /* who is being closed may have disarmed it before this worker armed it again */
        if :: ok && !shared -> vain = 0 :: else -> goto close fi
      :: else
      fi;
      goto advance
    fi;
#ifdef FAULT_DISARM_FIRST
    together { if :: !otherHolds -> disarm() :: else fi };
#endif

    /* what is known by its id is revoked before it is looked for */
    atomic { seen = (proven != NONE -> proven : made) };
    together { if :: !gone && seen != NONE && !(otherKeepsIt && seen == rule) -> revoke(seen) :: else fi };
    seen = 0;

    /* 2. and 3. revoke until absence has lasted, or somebody else keeps the rule; the intention is on its way meanwhile */
    do
    :: gone -> break
    :: atomic { !gone && (log[me].state == OPENING || log[me].state == OPEN) -> log[me].state = CLOSING; READ }
    :: atomic { !gone && isOwn && !otherKeepsIt -> seen = rule }; together { if :: !otherKeepsIt -> revoke(seen) :: else fi }; seen = 0
    :: atomic { !gone && holds(view[me]) && told && (!isOwn || otherKeepsIt) && landed -> gone = 1; kept = isOwn }
#ifdef FAULT_LEFT_BEHIND
    :: !gone && !holds(view[me]) -> goto advance
#else
    :: !gone && !holds(view[me]) -> goto close
#endif
#ifndef TIMELY
    :: atomic { !gone && (log[me].state != view[me].state
#if GRANTS > 1
         || log[OTHER].state != view[OTHER].state || log[OTHER].ended != view[OTHER].ended
#endif
       ) -> READ }
#endif
    od;

    /* 4. the switch goes last; the newest state says whose it is by now */
    atomic { if :: log[me].state == OPENING || log[me].state == OPEN -> log[me].state = CLOSING :: else fi };
    together {
      refresh();
      if
      :: !holds(view[me]) -> goto close
#ifdef FAULT_KEPT
      :: holds(view[me]) -> release()
#else
      /* who kept it may have ended as well, or turned out to hold another one */
      :: holds(view[me]) && kept && isOwn && !otherKeepsIt -> gone = 0; kept = 0; goto close
      :: holds(view[me]) && !(kept && isOwn && !otherKeepsIt) -> shared = otherHolds; release()
#endif
      fi
    };
    handOver();
    if :: !ok -> goto advance :: else fi;

    /* 5. one confirmation, whoever proved it first; what was kept for another is still the other's */
    atomic {
      READ;
      if
#ifndef FAULT_KEPT
      :: log[me].state == CLOSING && kept && isOwn && !otherKeepsIt -> gone = 0; kept = 0; goto close
      :: log[me].state == CLOSING && !(kept && isOwn && !otherKeepsIt) && leftOver -> goto close
      :: log[me].state == CLOSING && !(kept && isOwn && !otherKeepsIt) && !leftOver ->
#else
      :: log[me].state == CLOSING ->
#endif
        log[me].state = CLOSED; confirmations[me]++;
        assert(confirmations[me] == 1);
        assert(forSomebody)
      :: else
      fi;
      READ
    };
    goto advance
  } unless {
    atomic { crashed[who] -> crashed[who] = 0; made = 0; gone = 0; kept = 0; vain = 0; leave(); READ };
    if
    :: goto advance
#ifdef MORTAL
    :: goto done
#endif
    fi
  };
done:
  atomic { leave(); made = 0; gone = 0; kept = 0; vain = 0 }
}

/* ---- everybody else ----------------------------------------------------------------------------------------------- */

/* EventBridge Scheduler: every minute from the end on. */
active proctype Switch() {
end:
  do
  :: atomic { rule != NONE && guarded && now >= armedEnd -> assert(rule != FOREIGN); GO }
  od
}

active proctype Clock() {
  do :: now < LAST -> now++ :: now == LAST -> break od
}

/* "I'm done", "close now". */
#ifndef NO_CLICKS
#define mayEnd(g) ((log[g].state == OPENING || log[g].state == OPEN) && !log[g].ended)
active proctype People() {
end:
  do
  :: atomic { mayEnd(0) -> log[0].ended = 1 }
#if GRANTS > 1
  :: atomic { mayEnd(1) -> log[1].ended = 1 }
#endif
  od
}
#endif

#ifdef BY_HAND
/* The rule of an open window, or a switch whose rule is not there yet. */
active proctype Somebody() {
end:
  if
  :: atomic { log[0].state == OPEN && log[0].id == rule -> GO }
#if GRANTS > 1
  :: atomic { log[1].state == OPEN && log[1].id == rule -> GO }
#endif
  :: atomic { rule == NONE && armedFor != NONE -> armedFor = NONE; armedEnd = 0 }
  fi
}
#endif

#ifdef EXTEND
/* Switch, tag, record: in this order, and only with the approval in the log. */
active proctype Extend() {
#ifndef TIMELY
  Grant view[GRANTS];
#endif
  byte until, id;
  bit ok;
#define me 0
  {
  if
  :: atomic { log[0].state == OPEN && !log[0].ended && now < log[0].deadline ->
#ifndef FAULT_EXTEND_UNASKED
       extended = 1; approved = EXTENDED_END;
#endif
       READ }
  :: atomic { now == LAST -> goto done }
  fi;
  together { mayRefresh(); if :: over -> goto done :: else fi; id = view[0].id; until = EXTENDED_END; move(id, until) };
  readBack(id, until);
  if :: !ok -> goto done :: else fi;
  together { setTag(id, until) };
  if :: !ok -> goto done :: else fi;
  atomic { if :: log[0].state == OPEN && !log[0].ended && now < log[0].deadline -> log[0].deadline = EXTENDED_END :: else fi }
  } unless { died };
#undef me
done:
  skip
}
#endif

#ifdef SWEEP
/* What nobody works on any more and must not stay: a sweep will come, whatever else happens. */
#define past(g) (!holds(g) || now >= g.deadline)
#if GRANTS > 1
#define stray (ours && (now >= tag || (past(log[0]) && past(log[1]))))
#else
#define stray (ours && (now >= tag || past(log[0])))
#endif
#define missing(g) (log[g].state == OPEN && rule == log[g].id && ours && armedFor != rule)
#define opened(g) (view[g].state == OPEN && view[g].id == id)
#if GRANTS > 1
#define opening(g) (view[g].state == OPENING)
#define toRepair (missing(0) || missing(1))
#define unexplained (past(view[0]) && past(view[1]))
#define known (!holds(view[0]) && !holds(view[1]) && keeps(log[0]) && keeps(log[1]))
#else
#define opening(g) false
#define unexplained (past(view[0]))
#define known (!holds(view[0]) && keeps(log[0]))
#define toRepair (missing(0))
#endif

active proctype Sweep() {
#undef view
  Grant view[GRANTS];
  byte id, tagged, switched, until;
  bit ok, early = 1;
end:
  do
  :: atomic { (early || stray || toRepair) -> if :: !(stray || toRepair) -> early = 0 :: else fi };
#ifdef FAULT_LOG_FIRST
    d_step { READ };
    d_step { id = rule; tagged = tag; switched = armedFor };
#else
    /* 1. what is there; 2. what should be there */
    d_step { id = rule; tagged = tag; switched = armedFor };
    d_step { READ };
#endif
    /* 3. what is past its end, or unknown; a rule that was there had its intention in the log before */
    if
    :: id == NONE || id == FOREIGN
    :: id != NONE && id != FOREIGN && now >= tagged -> revoke(id)
    :: id != NONE && id != FOREIGN && now < tagged && unexplained ->
      assert(!known);
      revoke(id)
    :: id != NONE && id != FOREIGN && now < tagged && !unexplained
    fi;
    /* 4. the switch of an open window is armed again, by id; by properties will do while another grant opens the same rule */
    if
    :: atomic { switched != id && id != NONE && opened(0) && !(switched == PROPERTIES && opening(1)) -> until = view[0].deadline }; arm(id, until)
#if GRANTS > 1
    :: atomic { switched != id && id != NONE && opened(1) && !(switched == PROPERTIES && opening(0)) -> until = view[1].deadline }; arm(id, until)
#endif
    :: else
    fi;
    atomic {
      id = 0; tagged = 0; switched = 0; until = 0; ok = 0;
      view[0].state = 0; view[0].id = 0; view[0].deadline = 0; view[0].ended = 0;
#if GRANTS > 1
      view[1].state = 0; view[1].id = 0; view[1].deadline = 0; view[1].ended = 0
#endif
    }
  od
}
#endif

#if CRASHES > 0
active proctype Chaos() {
end:
  do
  :: atomic { crashes > 0 -> crashes--; crashed[0] = 1 }
#ifdef EXTEND
  :: atomic { crashes > 0 -> crashes--; died = 1 }
#endif
#if VISITORS * GRANTS > 1
  :: atomic { crashes > 0 -> crashes--; crashed[1] = 1 }
#endif
#if VISITORS * GRANTS > 2
  :: atomic { crashes > 0 -> crashes--; crashed[2] = 1 }
  :: atomic { crashes > 0 -> crashes--; crashed[3] = 1 }
#endif
  od
}
#endif

#ifdef LATE
active proctype Network() {
end:
  do
  :: atomic { late == AUTHORIZE -> if :: rule == NONE -> named++; rule = named; maker = lateFor; tag = lateEnd :: else fi; late = NONE; lateFor = 0; lateEnd = 0 }
  :: atomic { late == MOVE -> armedFor = lateFor; armedEnd = lateEnd; late = NONE; lateFor = 0; lateEnd = 0 }
  :: atomic { late == DISARM -> armedFor = NONE; armedEnd = 0; late = NONE }
  od
}
#endif

/* ---- the promises ------------------------------------------------------------------------------------------------- */

#define bare(g) (log[g].state == OPEN && !log[g].ended && log[g].id == rule && !guarded)
/* A switch that is left belongs to somebody who died with what it knew, or was too slow. */
#if defined(TIMELY) && !defined(BY_HAND) && CRASHES == 0
#define tidy (armedFor == NONE)
#else
#define tidy true
#endif
active proctype Promises() {
end:
  if
#if defined(TIMELY) && !defined(BY_HAND)
  :: atomic { ours && !guarded -> assert(guarded) }
#endif
#if defined(TIMELY) && defined(BY_HAND)
  /* An opening or a closing worker is at it, and closes what it finds without a switch. */
  :: atomic { bare(0) -> assert(guarded) }
#if GRANTS > 1
  :: atomic { bare(1) -> assert(guarded) }
#endif
#endif
  :: atomic { (ours && tag > approved) || (armedFor != NONE && armedEnd > approved) -> assert(false) }
  :: atomic { timeout -> assert(!ours); assert(tidy) }
  fi
}

init {
  atomic {
#ifdef STANDING
    if :: rule = FOREIGN :: skip fi;
#endif
    run Visit(0, 0);
#if VISITORS > 1
    run Visit(0, 1);
#endif
#if GRANTS > 1
    run Visit(1, VISITORS);
#if VISITORS > 1 && !defined(FIRST_TWICE)
    run Visit(1, VISITORS + 1)
#endif
#endif
  }
}
