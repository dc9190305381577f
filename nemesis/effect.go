package nemesis

// Judge is r with its effect and the evidence in words.
func (r Record) Judge(p Proof) Record { return r }
