"""Notes: a small Flask application, made by a factory."""

import time

from flask import Flask, abort, redirect, render_template_string, request, session, url_for
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

PAGE = """<!doctype html>
<title>Notes</title>
<h1>Notes</h1>
{% for note in notes %}<p>{{ note.text }}</p>
{% else %}<p>None yet.</p>
{% endfor %}"""


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


class Note(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


def create_app(config=None):
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_mapping(
        SECRET_KEY="for-tests-and-tutorials-only",
        SQLALCHEMY_DATABASE_URI="sqlite:///notes.db",
        UPSTREAM_S=0.2,
    )
    app.config.from_mapping(config or {})
    db.init_app(app)
    with app.app_context():
        db.create_all()

    @app.get("/")
    def index():
        return render_template_string(PAGE, notes=db.session.scalars(db.select(Note).limit(20)))

    @app.post("/notes")
    def add():
        db.session.add(Note(text=request.form["text"]))
        db.session.commit()
        return redirect(url_for("index"), code=303)

    @app.route("/login", methods=["GET", "POST"])
    def login():
        if request.method == "POST":
            if request.form.get("password") != "secret":
                abort(403)
            session["user"] = request.form["name"]
            return redirect(url_for("account"))
        return (
            "<form method=post><input name=name><input name=password type=password><button>OK</button></form>"
        )

    @app.get("/account")
    def account():
        return f"Hello, {session['user']}" if "user" in session else redirect(url_for("login"))

    @app.get("/weather")
    def weather():
        # As the answer of another service that takes its time.
        time.sleep(app.config["UPSTREAM_S"])
        return {"weather": "fair"}

    return app
