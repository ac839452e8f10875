from django.contrib.auth.views import LoginView
from django.urls import path
from guestbook import views

urlpatterns = [
    path("", views.index, name="index"),
    path("comment/", views.comment, name="comment"),
    path("account/", views.account, name="account"),
    path("login/", LoginView.as_view(), name="login"),
]
