# MMRM reference values computed with R's mmrm. Usage: Rscript mmrm_reference.R BtheB.csv
# BtheB.csv: HSAUR3::BtheB with its columns drug, length, treatment, bdi.pre, bdi.2m, bdi.3m, bdi.5m, bdi.8m.
suppressMessages({library(mmrm);library(jsonlite)})
args<-commandArgs(TRUE); out<-list()
d<-read.csv("mmrm_simulated_four_arm_trial.csv"); d$arm<-factor(d$arm,levels=c("control","medication","therapy","combined")); d$week<-factor(d$week); d$participant_id<-factor(d$participant_id)
contrast_rows<-function(f,arms,weeks){
  nm<-names(coef(f)); ref<-arms[1]; w0<-weeks[1]
  one<-function(w,a,b){ v<-setNames(rep(0,length(nm)),nm)
    for(s in list(c(a,1),c(b,-1))){ g<-s[1]; k<-as.numeric(s[2]); if(g!=ref){ v[paste0("arm",g)]<-v[paste0("arm",g)]+k; if(w!=w0){ i<-intersect(c(paste0("week",w,":arm",g),paste0("arm",g,":week",w)),nm); v[i]<-v[i]+k } } }
    r<-df_1d(f,v); data.frame(week=w,arm=a,reference=b,estimate=r$est,std_error=r$se,df=r$df,p_value=r$p_val) }
  do.call(rbind,lapply(weeks,function(w) do.call(rbind,list(one(w,"combined","medication"),one(w,"combined","therapy"),one(w,"combined","control"),one(w,"medication","control"),one(w,"therapy","control")))))
}
run<-function(d,formula,method,weeks,vcov=NULL){
  t0<-Sys.time(); f<-mmrm(formula,data=d,method=method,vcov=vcov,reml=TRUE); t1<-Sys.time()
  cf<-summary(f)$coefficients
  list(names=rownames(cf),estimate=unname(cf[,1]),std_error=unname(cf[,2]),df=unname(cf[,3]),reml_loglik=as.numeric(logLik(f)),aic=AIC(f),bic=BIC(f),covariance=unname(as.matrix(component(f,"varcor"))),n_obs=component(f,"n_obs"),n_subjects=component(f,"n_subjects"),contrasts=contrast_rows(f,levels(d$arm),weeks))
}
fm<-function(s) as.formula(paste0("score ~ baseline*week + arm*week + ",s,"(week | participant_id)"))
W<-levels(d$week)
for(s in c("us","toeph","toep","ar1h","ar1","csh","cs","adh")) out$simulated[[s]][["Satterthwaite"]]<-run(d,fm(s),"Satterthwaite",W)
out$simulated$us[["Empirical-Jackknife"]]<-run(d,fm("us"),"Satterthwaite",W,"Empirical-Jackknife")
B<-read.csv(args[1]); B$id<-seq_len(nrow(B)); B$arm<-factor(ifelse(B$drug=="Yes",ifelse(B$treatment=="BtheB","combined","medication"),ifelse(B$treatment=="BtheB","therapy","control")),levels=c("control","medication","therapy","combined"))
L<-do.call(rbind,lapply(c(2,3,5,8),function(k) data.frame(participant_id=factor(B$id),arm=B$arm,length=B$length,baseline=B$bdi.pre,week=factor(k),score=B[[paste0("bdi.",k,"m")]]))); L<-L[!is.na(L$score),]
fb<-score~baseline*week+arm*week+length+us(week|participant_id)
for(m in c("Satterthwaite","Kenward-Roger")) out$beat_the_blues$us[[m]]<-run(L,fb,m,levels(L$week))
out$beat_the_blues$us[["Kenward-Roger-Linear"]]<-run(L,fb,"Kenward-Roger",levels(L$week),"Kenward-Roger-Linear")
out$about<-list(note="simulated: simulated_four_arm_trial.csv, score ~ baseline*week + arm*week. beat_the_blues: BtheB of HSAUR3, one row per participant in file order, id = row number; 'week' holds the month of the visit (2,3,5,8); arm from drug x treatment; score ~ baseline*week + arm*week + length",r=R.version.string,mmrm=as.character(packageVersion("mmrm")))
writeLines(toJSON(out,digits=14,auto_unbox=TRUE,pretty=FALSE),"mmrm_reference.json")
for(s in c("us","ar1h","csh")) for(v in c("Kenward-Roger","Kenward-Roger-Linear")) out$simulated[[s]][[v]]<-run(d,fm(s),"Kenward-Roger",W[6],v)
writeLines(toJSON(out,digits=14,auto_unbox=TRUE,pretty=FALSE),"mmrm_reference.json")
