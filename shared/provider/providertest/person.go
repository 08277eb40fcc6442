package providertest

// Person is somebody with an account at a provider.
type Person struct {
	ID       int64
	Nickname string
	ImageURL string // without scheme, as providers serve http and https
	Email    string // empty: not consented
	// What the provider says of the email address.
	EmailValid, EmailVerified bool
	// Bare people have consented to nothing: the provider tells their id alone.
	Bare bool
}

// Persons are four people who differ in what makes logins go wrong: one with
// everything; one without an email; one with a nickname of emoji, and an id
// that no float64 holds; one whose email is not verified.
func Persons() []Person {
	return []Person{
		{ID: 4100000001, Nickname: "김대문", ImageURL: "k.kakaocdn.net/dn/daemun/640x640.jpg",
			Email: "daemun.kim@example.com", EmailValid: true, EmailVerified: true},
		{ID: 4100000002, Nickname: "이누리"},
		{ID: 9007199254740993, Nickname: "👨‍👩‍👧‍👦 가족",
			Email: "family@example.com", EmailValid: true, EmailVerified: true},
		{ID: 4100000004, Nickname: "박하늘", Email: "haneul.park@example.com", EmailValid: true},
	}
}
