package regime

import (
	"math"
	"time"
)

// The lunar calendar of Viet Nam, reckoned for the meridian of UTC+7 as the
// Government decided in 1967 (Decision 121/CP). A month begins on the day of the
// new moon; the month that holds the winter solstice is the eleventh; a year of
// thirteen months repeats the first month without a principal solar term.
// Positions of sun and moon follow Meeus, Astronomical Algorithms, in the
// abridged form of Hồ Ngọc Đức ("Thuật toán tính âm lịch"), good for 1800–2199.

// lunarZone is the meridian's offset in days.
const lunarZone = 7.0 / 24

// fromLunar gives the date in the Gregorian calendar of a day of a lunar year.
// The month is the regular one, never its leap twin: no holiday is kept in a
// leap month.
func fromLunar(year, month, day int) date {
	year11 := year
	if month < 11 {
		year11--
	}
	start, next := month11(year11), month11(year11+1)
	offset := (month + 1) % 12 // Months after the eleventh.
	if next-start > 365 && offset >= leapOffset(start) {
		offset++
	}
	k := moonAround(start)
	return dateOfJulian(newMoon(k+offset) + day - 1)
}

// month11 is the Julian day on which the month of the winter solstice of the
// Gregorian year begins.
func month11(year int) int {
	yearEnd := julian(date{year, time.December, 31})
	k := int(math.Floor((float64(yearEnd) - 2415021) / synodic))
	start := newMoon(k)
	if solarTerm(start) >= 9 { // The solstice is already over: the month before.
		start = newMoon(k - 1)
	}
	return start
}

// leapOffset counts the months from the eleventh, which began on start, to the
// leap month.
func leapOffset(start int) int {
	k := moonAround(start)
	last := solarTerm(newMoon(k + 1))
	for i := 2; i < 14; i++ {
		term := solarTerm(newMoon(k + i))
		if term == last {
			return i - 1
		}
		last = term
	}
	return 13
}

const synodic = 29.530588853 // Days from new moon to new moon, on average.

// moonAround numbers the new moon that began the month on Julian day start;
// number 0 is the one of 1 January 1900.
func moonAround(start int) int {
	return int(math.Floor((float64(start)-2415021.076998695)/synodic + 0.5))
}

// newMoon is the Julian day, in Viet Nam, of the k-th new moon.
func newMoon(k int) int {
	return int(math.Floor(newMoonInstant(float64(k)) + 0.5 + lunarZone))
}

func newMoonInstant(k float64) float64 {
	t := k / 1236.85
	t2, t3 := t*t, t*t*t
	sin := func(degrees float64) float64 { return math.Sin(degrees * math.Pi / 180) }
	mean := 2415020.75933 + 29.53058868*k + 0.0001178*t2 - 0.000000155*t3 +
		0.00033*sin(166.56+132.87*t-0.009173*t2)
	sun := 359.2242 + 29.10535608*k - 0.0000333*t2 - 0.00000347*t3
	moon := 306.0253 + 385.81691806*k + 0.0107306*t2 + 0.00001236*t3
	node := 21.2964 + 390.67050646*k - 0.0016528*t2 - 0.00000239*t3
	correction := (0.1734-0.000393*t)*sin(sun) + 0.0021*sin(2*sun) -
		0.4068*sin(moon) + 0.0161*sin(2*moon) - 0.0004*sin(3*moon) +
		0.0104*sin(2*node) - 0.0051*sin(sun+moon) -
		0.0074*sin(sun-moon) + 0.0004*sin(2*node+sun) -
		0.0004*sin(2*node-sun) - 0.0006*sin(2*node+moon) +
		0.0010*sin(2*node-moon) + 0.0005*sin(2*moon+sun)
	dynamical := -0.000278 + 0.000265*t + 0.000262*t2 // Terrestrial less universal time.
	return mean + correction - dynamical
}

// solarTerm is the twelfth of the zodiac, 0 to 11 from the spring equinox, in
// which the sun stands at the beginning of a day in Viet Nam.
func solarTerm(julianDay int) int {
	t := (float64(julianDay) - 0.5 - lunarZone - 2451545.0) / 36525
	t2 := t * t
	sin := func(degrees float64) float64 { return math.Sin(degrees * math.Pi / 180) }
	anomaly := 357.52910 + 35999.05030*t - 0.0001559*t2 - 0.00000048*t*t2
	longitude := 280.46645 + 36000.76983*t + 0.0003032*t2 +
		(1.914600-0.004817*t-0.000014*t2)*sin(anomaly) +
		(0.019993-0.000101*t)*sin(2*anomaly) + 0.000290*sin(3*anomaly)
	longitude = math.Mod(longitude, 360)
	if longitude < 0 {
		longitude += 360
	}
	return int(longitude / 30)
}

// julianOfUnix is the Julian day number of 1 January 1970.
const julianOfUnix = 2440588

func julian(d date) int { return d.number() + julianOfUnix }

func dateOfJulian(day int) date { return dateOfNumber(day - julianOfUnix) }
