package template

// readExports reads the outputs that are exported. The others are for people and mean nothing here.
func (r *resolver) readExports(outputs object) map[string]string {
	exports := map[string]string{}
	for _, id := range outputs.names() {
		output := outputs.object(id)
		if !output.has("Export") || !r.holds(join(output.path, "Condition"), output.text("Condition")) {
			continue
		}
		output.ignore("Description")
		value := output.text("Value")
		export := output.object("Export")
		exports[export.required("Name")] = value
		export.done()
		output.done()
	}
	return exports
}

// imported is the value that a template read before exports by that name.
func (r *resolver) imported(path string, argument any) any {
	name := r.text(path, r.resolve(path, argument))
	value, ok := r.options.Imports[name]
	if !ok {
		r.problems.add(path, "no template before this one exports %q", name)
	}
	return value
}
