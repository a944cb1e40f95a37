"""What is asked of a past event by those after it, as one run of integers: the columns of a record."""

from __future__ import annotations

LAST_DAY = 0  # days since 1970-01-01
LATITUDE, LONGITUDE = 1, 2  # in units of 1e-7 degrees, a centimetre
MEMBER = 3  # where its run of classes begins
MEMBERS = 4  # how many classes it may be of
PACKED = 5  # then places from coarse to fine, neighbourhoods from narrow to wide, features; -1 unknown

NOWHERE = -(1 << 31)
PER_DEGREE = 1e7
KM = 111.2 / PER_DEGREE  # of latitude, in one of these units
