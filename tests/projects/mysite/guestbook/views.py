from django import forms
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render

from guestbook.models import Comment


class CommentForm(forms.ModelForm):
    class Meta:
        model = Comment
        fields = ("name", "text")


def index(request):
    return render(request, "guestbook/index.html", {"comments": Comment.objects.all()[:20]})


def comment(request):
    form = CommentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("index")
    return render(request, "guestbook/comment.html", {"form": form})


@login_required
def account(request):
    return render(request, "guestbook/account.html")
