// Package orders is the business of the example: who has which orders. It knows neither events nor tokens; who asks is
// the caller's to say. It keeps nothing, so that the example needs no table.
package orders

// Order is what a person bought.
type Order struct {
	ID    string `json:"id"`
	Item  string `json:"item"`
	Price int    `json:"price"` // won
}

// List is the answer to GET /orders.
type List struct {
	UserID string  `json:"user_id"`
	Orders []Order `json:"orders"`
}

// Deleted is the answer to DELETE /orders/{id}.
type Deleted struct {
	UserID  string `json:"user_id"` // who did it
	Deleted string `json:"deleted"`
}

// Payments is the answer to GET /payments.
type Payments struct {
	UserID string   `json:"user_id"`
	Cards  []string `json:"cards"` // the last four digits
}

// Of lists the orders of a person.
func Of(userID string) List {
	return List{UserID: userID, Orders: []Order{
		{ID: "1", Item: "A roof tile for the gate", Price: 12000},
		{ID: "2", Item: "Two brass door rings", Price: 48000},
		{ID: "3", Item: "A can of red lacquer", Price: 9500},
	}}
}

// PaymentsOf lists what a person pays with.
func PaymentsOf(userID string) Payments {
	return Payments{UserID: userID, Cards: []string{"0517"}}
}

// Delete would delete an order. That the person may do so was the gate's to judge.
func Delete(userID, id string) Deleted { return Deleted{UserID: userID, Deleted: id} }
